//! The embedding of token sequences: a learned vector for each token plus a learned vector for each position.

use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// (table [vocabulary, width], positions [length, width], tokens [batch, length]) to [batch * length, width]: the row of each
/// token, plus that of its position. Tokens are whole numbers from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embed;

/// The row of a table that a token stands for; one beyond the table stands for the last.
fn row_of<T: Real>(token: T, rows: usize) -> usize {
    (token.to_f64() as usize).min(rows - 1)
}

const EMBED_WGSL: &str = values_wgsl!(
    r"
    let column = i % params.columns;
    let row = i / params.columns;
    write(run, i, a(run, u32(c(run, row)) * params.columns + column) + b(run, row % length() * params.columns + column));
"
);

impl Compute for Embed {
    const NAME: &'static str = "embed";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [table, positions, tokens] = inputs else { return None };
        let fits = table.columns() == positions.columns()
            && !table.is_empty()
            && !positions.is_empty()
            && tokens.len().is_multiple_of(positions.rows());
        fits.then(|| Shape::new(&[tokens.len(), table.columns()]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        let [table, positions, tokens] = [inputs[0], inputs[1], inputs[2]];
        match position {
            0 => {
                let vocabulary = graph.shape(table).rows();
                graph.apply(EmbedTokenGradient { vocabulary }, &[tokens, output_gradient]).map(Some)
            }
            1 => {
                let length = graph.shape(positions).rows();
                graph.apply(EmbedPositionGradient { length }, &[output_gradient]).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [table, positions, tokens] = inputs else { return };
        let width = table.shape.columns();
        let positions = positions.values.chunks_exact(width).cycle();
        for ((out, &token), position) in output.chunks_exact_mut(width).zip(tokens.values).zip(positions) {
            let row = row_of(token, table.shape.rows()) * width;
            for ((y, &token), &position) in out.iter_mut().zip(&table.values[row..row + width]).zip(position) {
                *y = token + position;
            }
        }
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, EMBED_WGSL, Grid::Values).with("length", inputs[1].rows())
    }
}

/// The gradient of [`Embed`] with respect to the table: (tokens, gradient [tokens, width]) to [vocabulary, width].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbedTokenGradient {
    /// The rows of the table.
    pub vocabulary: usize,
}

const TOKEN_GRADIENT_WGSL: &str = values_wgsl!(
    r"
    let column = i % params.columns;
    let token = f32(i / params.columns);
    var sum = 0.0;
    for (var k = 0u; k < params.a_len; k++) {
        if (a(run, k) == token) { sum += b(run, k * params.columns + column); }
    }
    write(run, i, sum);
"
);

impl Compute for EmbedTokenGradient {
    const NAME: &'static str = "embed token gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [tokens, gradient] = inputs else { return None };
        (tokens.len() == gradient.rows()).then(|| Shape::new(&[self.vocabulary, gradient.columns()]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [tokens, gradient] = inputs else { return };
        let width = gradient.shape.columns();
        output.fill(T::zero());
        for (&token, gradient) in tokens.values.iter().zip(gradient.values.chunks_exact(width)) {
            let row = row_of(token, self.vocabulary) * width;
            for (sum, &d) in output[row..row + width].iter_mut().zip(gradient) {
                *sum += d;
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, TOKEN_GRADIENT_WGSL, Grid::Values)
    }
}

/// The gradient of [`Embed`] with respect to the positions: [batch * length, width] to [length, width], summed over the batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbedPositionGradient {
    /// The tokens of a sequence.
    pub length: usize,
}

const POSITION_GRADIENT_WGSL: &str = values_wgsl!(
    r"
    var sum = 0.0;
    for (var k = i; k < params.a_len; k += params.rows * params.columns) { sum += a(run, k); }
    write(run, i, sum);
"
);

impl Compute for EmbedPositionGradient {
    const NAME: &'static str = "embed position gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [gradient] = inputs else { return None };
        let fits = self.length > 0 && gradient.rows().is_multiple_of(self.length);
        fits.then(|| Shape::new(&[self.length, gradient.columns()]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        output.fill(T::zero());
        for sequence in inputs[0].values.chunks_exact(output.len()) {
            for (sum, &d) in output.iter_mut().zip(sequence) {
                *sum += d;
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, POSITION_GRADIENT_WGSL, Grid::Values)
    }
}
