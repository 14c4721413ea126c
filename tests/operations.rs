//! Every operation with shapes that exercise whole and broken tiles, shared by the native tests and those in a browser.

use brink_engine::network::operations::{
    Accuracy, Activation, ActivationGradient, ActivationKind, Add, Affine, Attention, AttentionGradient,
    BatchNormalize, BatchNormalizeGradient, BatchStatistic, Copy, CrossEntropy, CrossEntropyGradient, Embed,
    EmbedPositionGradient, EmbedTokenGradient, Fill, InnerProduct, Matmul, MeanPool, MeanPoolGradient, MovingAverage,
    Normalize, NormalizeBy, NormalizeGradient, Operand, Operation, Patches, PatchesGradient, Reshape, RowScale,
    RowScaleGradient, ScaleBy, SquaredError, SquaredErrorGradient, Statistic, SumRows, Tile, Transpose,
};
use brink_engine::random::{Purpose, Stream};
use brink_engine::tensor::Shape;
use brink_engine::train::gpu::{Gpu, single};

/// An operation with its inputs.
pub type Case = (Operation, Vec<(Shape, Vec<f32>)>);

fn drawn(part: u32, extents: &[usize]) -> (Shape, Vec<f32>) {
    let shape = Shape::new(extents);
    let mut values = vec![0.0; shape.len()];
    Stream::new(5, Purpose::Structure, part).fill_normal(0, 1.0, &mut values);
    (shape, values)
}

/// Labels of three classes; every fourth row is no example.
fn labels(rows: usize) -> (Shape, Vec<f32>) {
    let label = |row: usize| if row % 4 == 3 { -1.0 } else { (row % 3) as f32 };
    (Shape::new(&[rows]), (0..rows).map(label).collect())
}

/// All operations; a new one that is missing here fails `the_cases_cover_every_operation`.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (rows, columns) in [(70, 130), (64, 32), (37, 10), (3, 5)] {
        let x = || drawn(1, &[rows, columns]);
        let y = || drawn(2, &[rows, columns]);
        let (gain, bias, scalar) = (drawn(3, &[columns]), drawn(4, &[columns]), drawn(5, &[1]));
        for kind in ActivationKind::ALL {
            cases.push((Activation { kind }.into(), vec![x()]));
            cases.push((ActivationGradient { kind }.into(), vec![x(), y()]));
        }
        cases.push((Add.into(), vec![x(), y()]));
        cases.push((Copy.into(), vec![x()]));
        cases.push((Fill { value: 0.75 }.into(), vec![]));
        cases.push((ScaleBy.into(), vec![x(), scalar]));
        cases.push((InnerProduct.into(), vec![x(), y()]));
        cases.push((SumRows.into(), vec![x()]));
        cases.push((RowScale.into(), vec![x(), gain.clone(), bias.clone()]));
        cases.push((RowScale.into(), vec![x(), gain]));
        cases.push((RowScaleGradient.into(), vec![x(), y()]));
        cases.push((Normalize.into(), vec![x()]));
        cases.push((NormalizeGradient.into(), vec![x(), drawn(6, &[rows, columns]), y()]));
        cases.push((BatchNormalize.into(), vec![x()]));
        cases.push((BatchNormalizeGradient.into(), vec![x(), drawn(6, &[rows, columns]), y()]));
        for statistic in [Statistic::Mean, Statistic::Variance] {
            cases.push((BatchStatistic { statistic }.into(), vec![x()]));
        }
        cases.push((MovingAverage { momentum: 0.3 }.into(), vec![x(), y()]));
        let variance = (bias.0.clone(), bias.1.iter().map(|x| x * x).collect());
        cases.push((NormalizeBy.into(), vec![x(), bias.clone(), variance]));
        cases.push((Affine.into(), vec![drawn(7, &[rows, 33]), drawn(8, &[33, columns]), bias]));
        let product = |transpose| Matmul { transpose }.into();
        cases.push((product(Transpose::Neither), vec![drawn(7, &[rows, 33]), drawn(8, &[33, columns])]));
        cases.push((product(Transpose::First), vec![drawn(7, &[33, rows]), drawn(8, &[33, columns])]));
        cases.push((product(Transpose::Second), vec![drawn(7, &[rows, 33]), drawn(8, &[columns, 33])]));
        let logits = || drawn(9, &[rows, 3]);
        cases.push((CrossEntropy.into(), vec![logits(), labels(rows)]));
        cases.push((CrossEntropyGradient.into(), vec![logits(), labels(rows), (Shape::scalar(), vec![1.5])]));
        cases.push((Accuracy.into(), vec![logits(), labels(rows)]));
        let numbers = || {
            let (shape, mut values) = drawn(12, &[rows, columns]);
            values.iter_mut().step_by(5).for_each(|missing| *missing = f32::NAN);
            (shape, values)
        };
        cases.push((SquaredError.into(), vec![x(), numbers()]));
        cases.push((SquaredErrorGradient.into(), vec![x(), numbers(), (Shape::scalar(), vec![1.5])]));
        let tokens = (Shape::new(&[rows, 2]), (0..2 * rows).map(|k| ((7 * k) % 5) as f32).collect());
        cases.push((Embed.into(), vec![drawn(13, &[5, columns]), drawn(14, &[2, columns]), tokens.clone()]));
        let gradient = drawn(15, &[2 * rows, columns]);
        cases.push((EmbedTokenGradient { vocabulary: 5 }.into(), vec![tokens, gradient.clone()]));
        cases.push((EmbedPositionGradient { length: 2 }.into(), vec![gradient.clone()]));
        cases.push((MeanPool { rows: 2 }.into(), vec![gradient]));
        cases.push((MeanPoolGradient { rows: 3 }.into(), vec![x()]));
        cases.push((Reshape { columns: rows }.into(), vec![x()]));
        // Two labels an example.
        let logits = || drawn(9, &[rows, 6]);
        let labels = || (Shape::new(&[rows, 2]), labels(2 * rows).1);
        cases.push((CrossEntropy.into(), vec![logits(), labels()]));
        cases.push((CrossEntropyGradient.into(), vec![logits(), labels(), (Shape::scalar(), vec![1.5])]));
        cases.push((Accuracy.into(), vec![logits(), labels()]));
    }
    for (sequences, length, heads) in [(16, 8, 2), (3, 5, 4), (2, 32, 1)] {
        let attention = Attention { length, heads };
        let rows = sequences * length;
        cases.push((attention.into(), vec![drawn(16, &[rows, 48])]));
        let inputs = vec![drawn(16, &[rows, 48]), drawn(17, &[rows, 16]), drawn(18, &[rows, 16])];
        cases.push((AttentionGradient { attention }.into(), inputs));
    }
    for (image, side, stride) in [([8, 8], 3, 1), ([8, 8], 3, 2), ([5, 4], 1, 2), ([5, 7], 5, 3)] {
        let patches = Patches { image, side, stride };
        let [rows, columns] = patches.grid();
        cases.push((patches.into(), vec![drawn(19, &[3 * image[0] * image[1], 4])]));
        cases.push((PatchesGradient { patches }.into(), vec![drawn(20, &[3 * rows * columns, side * side * 4])]));
    }
    cases
}

/// What the CPU computes of a case.
fn on_cpu((operation, inputs): &Case) -> Vec<f32> {
    let shapes: Vec<&Shape> = inputs.iter().map(|(shape, _)| shape).collect();
    let operands: Vec<Operand<'_, f32>> =
        inputs.iter().map(|(shape, values)| Operand { values: values.as_slice(), shape }).collect();
    let mut output = vec![f32::NAN; operation.output_shape(&shapes).unwrap().len()];
    operation.run(&operands, &mut output);
    output
}

/// Holds every GPU kernel against its CPU twin, to 2e-5 of the largest value.
pub async fn check_all(gpu: &Gpu) {
    for case in cases() {
        let expected = on_cpu(&case);
        let largest = expected.iter().fold(1f32, |largest, x| largest.max(x.abs()));
        let is_product = matches!(case.0, Operation::Matmul(_) | Operation::Affine(_));
        for tile in Tile::ALL.into_iter().take(if is_product { Tile::ALL.len() } else { 1 }) {
            let found = single::compute(gpu, &case.0, &case.1, tile).await.unwrap();
            for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
                let difference = (expected - found).abs();
                assert!(
                    difference <= 2e-5 * largest,
                    "{:?} {tile:?} value {index}: {found} instead of {expected}",
                    case.0
                );
            }
        }
    }
}

/// A NaN must come out of an activation, and a loss of it must not be finite.
pub async fn check_nan(gpu: &Gpu) {
    for kind in ActivationKind::ALL {
        let input = (Shape::new(&[2]), vec![f32::NAN, 1.0]);
        let output = single::compute(gpu, &Activation { kind }.into(), &[input], Tile::ALL[0]).await.unwrap();
        assert!(output[0].is_nan() && output[1].is_finite(), "{kind:?}: {output:?}");
    }
    for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let logits = (Shape::new(&[2, 2]), vec![0.0, broken, 1.0, 0.0]);
        let labels = (Shape::new(&[2]), vec![0.0, 1.0]);
        let loss = single::compute(gpu, &CrossEntropy.into(), &[logits, labels], Tile::ALL[0]).await.unwrap();
        assert!(!loss[0].is_finite(), "a loss of {broken} is {loss:?}");
    }
}
