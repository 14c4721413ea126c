//! Every operation's gradient against central differences in f64.

use super::super::graph::{Graph, Origin, ValueId};
use super::matmul::Transpose;
use super::*;
use crate::differentiate;
use brink_base::random::{Purpose, Stream};

/// Computes every value of a graph, slow and obvious.
fn evaluate(graph: &Graph, parameters: &[Vec<f64>], labels: &[f64]) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = Vec::new();
    for value in graph.values() {
        let result = match &value.origin {
            Origin::Inputs | Origin::Carried(_) => panic!("these graphs have neither"),
            Origin::Targets => labels.to_vec(),
            Origin::Parameter(index) => parameters[*index].clone(),
            Origin::Operation { operation, inputs } => {
                let operands: Vec<Operand<'_, f64>> =
                    inputs.iter().map(|id| Operand { values: &values[id.0], shape: graph.shape(*id) }).collect();
                let mut output = vec![f64::NAN; value.shape.len()];
                operation.run(&operands, &mut output);
                output
            }
        };
        values.push(result);
    }
    values
}

/// Builds `operation` on parameters of these shapes, reduces its result to a scalar by an inner product with fixed weights
/// (unless it is one), and holds the gradient of each parameter against central differences.
fn check_gradient(operation: Operation, shapes: &[Shape], labels: Option<&[f64]>) {
    let mut graph = Graph::default();
    let mut inputs: Vec<ValueId> = Vec::new();
    let stream = Stream::new(11, Purpose::Structure, 0);
    let mut parameters = Vec::new();
    for (index, shape) in shapes.iter().enumerate() {
        inputs.push(graph.leaf(Origin::Parameter(index), shape.clone()));
        let draw = |k: usize| stream.normal_pair((index * 1000 + k) as u64)[0];
        parameters.push((0..shape.len()).map(draw).collect::<Vec<f64>>());
    }
    if let Some(labels) = labels {
        inputs.push(graph.leaf(Origin::Targets, Shape::new(&[labels.len()])));
    }
    let output = graph.apply(operation.clone(), &inputs).unwrap();
    let loss = if graph.shape(output).extents().is_empty() {
        output
    } else {
        // The weights are one more parameter, so the check covers the inner product too.
        let shape = graph.shape(output).clone();
        let weights = (0..shape.len()).map(|k| stream.normal_pair(90_000 + k as u64)[0]);
        parameters.push(weights.collect());
        let weights = graph.leaf(Origin::Parameter(shapes.len()), shape);
        graph.apply(InnerProduct, &[output, weights]).unwrap()
    };
    let mut with_gradient = graph.clone();
    let gradients = differentiate(&mut with_gradient, loss, parameters.len()).unwrap();
    let values = evaluate(&with_gradient, &parameters, labels.unwrap_or(&[]));
    for (index, gradient) in gradients.iter().enumerate() {
        let gradient = &values[gradient.expect("depends on every input").0];
        for position in 0..parameters[index].len() {
            const STEP: f64 = 1e-6;
            let mut at = |offset: f64| {
                let original = parameters[index][position];
                parameters[index][position] = original + offset;
                let loss = evaluate(&graph, &parameters, labels.unwrap_or(&[]))[loss.0][0];
                parameters[index][position] = original;
                loss
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            let error = (difference - gradient[position]).abs();
            assert!(
                error < 1e-6 * (1.0 + difference.abs()),
                "{} input {index} position {position}: {} against {difference}",
                operation.name(),
                gradient[position]
            );
        }
    }
}

#[test]
fn gradients_agree_with_central_differences() {
    let matrix = |rows, columns| Shape::new(&[rows, columns]);
    let vector = |len| Shape::new(&[len]);
    for kind in ActivationKind::ALL {
        check_gradient(Activation { kind }.into(), &[matrix(3, 5)], None);
    }
    check_gradient(Add.into(), &[matrix(2, 3), matrix(2, 3)], None);
    check_gradient(Affine.into(), &[matrix(4, 3), matrix(3, 5), vector(5)], None);
    let product = |transpose| Matmul { transpose }.into();
    check_gradient(product(Transpose::Neither), &[matrix(4, 3), matrix(3, 5)], None);
    check_gradient(product(Transpose::First), &[matrix(3, 4), matrix(3, 5)], None);
    check_gradient(product(Transpose::Second), &[matrix(4, 3), matrix(5, 3)], None);
    check_gradient(Normalize.into(), &[matrix(3, 6)], None);
    check_gradient(BatchNormalize.into(), &[matrix(5, 3)], None);
    check_gradient(RowScale.into(), &[matrix(3, 4), vector(4), vector(4)], None);
    check_gradient(RowScale.into(), &[matrix(3, 4), vector(4)], None);
    check_gradient(ScaleBy.into(), &[matrix(3, 4), vector(1)], None);
    check_gradient(InnerProduct.into(), &[matrix(3, 4), matrix(3, 4)], None);
    check_gradient(SquaredError.into(), &[matrix(3, 1)], Some(&[0.5, f64::NAN, -2.0]));
    check_gradient(Embed.into(), &[matrix(4, 3), matrix(2, 3)], Some(&[0.0, 3.0, 3.0, 1.0, 0.0, 3.0]));
    for (length, heads) in [(3, 2), (4, 1), (1, 4)] {
        check_gradient(Attention { length, heads }.into(), &[matrix(2 * length, 12)], None);
    }
    for (side, stride) in [(3, 1), (3, 2), (1, 2), (5, 3)] {
        check_gradient(Patches { image: [4, 5], side, stride }.into(), &[matrix(40, 2)], None);
    }
    check_gradient(Reshape { columns: 6 }.into(), &[matrix(4, 3)], None);
    check_gradient(MeanPool { rows: 3 }.into(), &[matrix(6, 2)], None);
    check_gradient(CrossEntropy.into(), &[matrix(4, 3)], Some(&[2.0, 0.0, -1.0, 1.0]));
}

#[test]
fn a_value_used_twice_gets_both_gradients() {
    let mut graph = Graph::default();
    let x = graph.leaf(Origin::Parameter(0), Shape::new(&[3]));
    let sum = graph.apply(Add, &[x, x]).unwrap();
    let square = graph.apply(InnerProduct, &[sum, x]).unwrap();
    let gradient = differentiate(&mut graph, square, 1).unwrap()[0].unwrap();
    let values = evaluate(&graph, &[vec![1.0, -2.0, 3.0]], &[]);
    assert_eq!(values[square.0], [28.0]);
    assert_eq!(values[gradient.0], [4.0, -8.0, 12.0]);
}

#[test]
fn nan_passes_through_every_activation() {
    for kind in ActivationKind::ALL {
        let shape = Shape::new(&[2]);
        let mut output = [0f32; 2];
        let operand = Operand { values: &[f32::NAN, 1.0], shape: &shape };
        Activation { kind }.run(&[operand], &mut output);
        assert!(output[0].is_nan() && output[1].is_finite(), "{kind:?}");
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let mut graph = Graph::default();
    let a = graph.leaf(Origin::Parameter(0), Shape::new(&[2, 3]));
    let b = graph.leaf(Origin::Parameter(1), Shape::new(&[2, 4]));
    let error = graph.apply(Add, &[a, b]).unwrap_err();
    assert_eq!(error.to_string(), "add cannot take inputs of shapes [2, 3], [2, 4]");
}

#[test]
fn patches_with_a_product_behind_them_are_a_convolution() {
    let (image, side, stride) = ([5, 4], 3, 2);
    let (channels, filters) = (2, 3);
    let stream = Stream::new(12, Purpose::Structure, 0);
    let draw =
        |first: u64, count: usize| -> Vec<f64> { (first..).take(count).map(|k| stream.normal_pair(k)[0]).collect() };
    let (x, weights) = (draw(0, 2 * 20 * channels), draw(1000, side * side * channels * filters));
    let patches = Patches { image, side, stride };
    let shape = Shape::new(&[2 * 20, channels]);
    let read_shape = patches.output_shape(&[&shape]).unwrap();
    assert_eq!((patches.grid(), read_shape.extents()), ([3, 2], [2 * 6, 18].as_slice()));
    let mut read = vec![f64::NAN; read_shape.len()];
    patches.run(&[Operand { values: &x, shape: &shape }], &mut read);
    let weight_shape = Shape::new(&[side * side * channels, filters]);
    let operands = [Operand { values: &read, shape: &read_shape }, Operand { values: &weights, shape: &weight_shape }];
    let mut found = vec![f64::NAN; 2 * 6 * filters];
    Matmul { transpose: Transpose::Neither }.run(&operands, &mut found);
    for (index, found) in found.iter().enumerate() {
        let (filter, position) = (index % filters, index / filters);
        let (sample, row, column) = (position / 6, position % 6 / 2, position % 2);
        let mut expected = 0.0;
        for (i, j, channel) in (0..3).flat_map(|i| (0..3).flat_map(move |j| (0..2).map(move |c| (i, j, c)))) {
            let (y, z) = ((2 * row + i) as i32 - 1, (2 * column + j) as i32 - 1);
            if (0..5).contains(&y) && (0..4).contains(&z) {
                let pixel = x[((sample * 5 + y as usize) * 4 + z as usize) * channels + channel];
                expected += pixel * weights[((i * 3 + j) * channels + channel) * filters + filter];
            }
        }
        assert!((found - expected).abs() < 1e-12, "{index}: {found} instead of {expected}");
    }
}

#[test]
fn attention_is_the_weighted_mean_of_the_values() {
    // One head of one value: a query and keys of 0 weigh all alike; a large product weighs one alone.
    let shape = Shape::new(&[2, 3]);
    let attend = |qkv: [f64; 6]| {
        let mut output = [f64::NAN; 2];
        Attention { length: 2, heads: 1 }.run(&[Operand { values: &qkv, shape: &shape }], &mut output);
        output
    };
    assert_eq!(attend([0.0, 5.0, 1.0, 0.0, -5.0, 3.0]), [2.0, 2.0]);
    let [first, second] = attend([100.0, 5.0, 1.0, -100.0, -5.0, 3.0]);
    assert!((first - 1.0).abs() < 1e-12 && (second - 3.0).abs() < 1e-12);
    let [_, broken] = attend([0.0, 5.0, 1.0, f64::NAN, -5.0, 3.0]);
    assert!(broken.is_nan());
}
