//! The patches that a convolution reads: with a matrix product behind it, [`Patches`] is a convolution.

use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// The square patches of side `side` around every `stride`-th pixel of images, the pixels beyond the border being 0:
/// [batch * height * width, channels] to [batch * rows * columns, side * side * channels], where rows and columns are
/// height and width divided by the stride and rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// The pixels of an image: rows, columns.
    pub image: [usize; 2],
    /// The side of a patch, odd.
    pub side: usize,
    /// The distance between the centres of neighbouring patches.
    pub stride: usize,
}

impl Patches {
    /// The patches of an image: rows, columns.
    pub fn grid(self) -> [usize; 2] {
        self.image.map(|extent| extent.div_ceil(self.stride.max(1)))
    }

    /// The channels of images that fit, or `None`.
    fn images(self, x: &Shape) -> Option<usize> {
        let pixels = self.image[0] * self.image[1];
        let fits = pixels > 0 && self.side % 2 == 1 && self.stride > 0 && x.rows().is_multiple_of(pixels);
        fits.then(|| x.rows() / pixels)
    }

    /// Calls `each` for every stretch of neighbouring pixels within the images that a row of a patch's taps reads: with where it
    /// begins among the pixels and among the taps of all patches, and with its length.
    fn each_stretch(self, images: usize, mut each: impl FnMut(usize, usize, usize)) {
        let Self { image: [height, width], side, stride } = self;
        let [rows, columns] = self.grid();
        let half = side / 2;
        for patch in 0..images * rows * columns {
            let (image, row, column) = (patch / (rows * columns), patch / columns % rows, patch % columns);
            // The taps within the image, along the row.
            let left = half.saturating_sub(column * stride);
            let right = side.min((width + half).saturating_sub(column * stride));
            if left >= right {
                continue;
            }
            for tap_row in 0..side {
                let Some(y) = (row * stride + tap_row).checked_sub(half).filter(|&y| y < height) else { continue };
                let x = column * stride + left - half;
                each((image * height + y) * width + x, (patch * side + tap_row) * side + left, right - left);
            }
        }
    }

    fn with_parameters(self, kernel: Kernel) -> Kernel {
        let [rows, columns] = self.grid();
        kernel
            .with("height", self.image[0])
            .with("width", self.image[1])
            .with("side", self.side)
            .with("stride", self.stride)
            .with("patch_rows", rows)
            .with("patch_columns", columns)
    }
}

const PATCHES_WGSL: &str = values_wgsl!(
    r"
    let channels = params.columns / (side() * side());
    let place = i / params.columns;
    let tap = i % params.columns / channels;
    let in_image = place % (patch_rows() * patch_columns());
    // Beyond the border above or to the left, the differences wrap and are too large.
    let y = in_image / patch_columns() * stride() + tap / side() - side() / 2u;
    let x = in_image % patch_columns() * stride() + tap % side() - side() / 2u;
    var value = 0.0;
    if (y < height() && x < width()) {
        let pixel = (place / (patch_rows() * patch_columns()) * height() + y) * width() + x;
        value = a(run, pixel * channels + i % channels);
    }
    write(run, i, value);
"
);

impl Compute for Patches {
    const NAME: &'static str = "patches";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        let images = self.images(x)?;
        let [rows, columns] = self.grid();
        Some(Shape::new(&[images * rows * columns, self.side * self.side * x.columns()]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        _inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        graph.apply(PatchesGradient { patches: *self }, &[output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [x] = inputs else { return };
        let channels = x.shape.columns();
        let images = x.shape.rows() / (self.image[0] * self.image[1]);
        output.fill(T::zero());
        self.each_stretch(images, |pixel, tap, len| {
            let pixels = &x.values[pixel * channels..(pixel + len) * channels];
            output[tap * channels..(tap + len) * channels].copy_from_slice(pixels);
        });
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        self.with_parameters(Kernel::new(Self::NAME, PATCHES_WGSL, Grid::Values))
    }
}

/// The gradient of [`Patches`]: that of the patches to that of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchesGradient {
    /// The patches that it belongs to.
    pub patches: Patches,
}

const GRADIENT_WGSL: &str = values_wgsl!(
    r"
    let channels = params.columns;
    let pixel = i / channels;
    let in_image = pixel % (height() * width());
    let first_patch = pixel / (height() * width()) * patch_rows() * patch_columns();
    var sum = 0.0;
    for (var tap = 0u; tap < side() * side(); tap++) {
        // The centre of the patch whose tap reads this pixel, if there is one.
        let y = in_image / width() + side() / 2u - tap / side();
        let x = in_image % width() + side() / 2u - tap % side();
        if (y % stride() != 0u || x % stride() != 0u) { continue; }
        if (y / stride() >= patch_rows() || x / stride() >= patch_columns()) { continue; }
        let place = first_patch + y / stride() * patch_columns() + x / stride();
        sum += a(run, (place * side() * side() + tap) * channels + i % channels);
    }
    write(run, i, sum);
"
);

impl Compute for PatchesGradient {
    const NAME: &'static str = "patches gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [gradient] = inputs else { return None };
        let taps = self.patches.side * self.patches.side;
        let [rows, columns] = self.patches.grid();
        let [height, width] = self.patches.image;
        let fits = taps > 0
            && rows * columns > 0
            && gradient.rows().is_multiple_of(rows * columns)
            && gradient.columns().is_multiple_of(taps);
        let images = gradient.rows() / (rows * columns).max(1);
        fits.then(|| Shape::new(&[images * height * width, gradient.columns() / taps]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [gradient] = inputs else { return };
        let Patches { image, side, .. } = self.patches;
        let channels = gradient.shape.columns() / (side * side);
        let images = output.len() / (image[0] * image[1] * channels);
        output.fill(T::zero());
        self.patches.each_stretch(images, |pixel, tap, len| {
            let taps = &gradient.values[tap * channels..(tap + len) * channels];
            for (sum, &d) in output[pixel * channels..(pixel + len) * channels].iter_mut().zip(taps) {
                *sum += d;
            }
        });
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        self.patches.with_parameters(Kernel::new(Self::NAME, GRADIENT_WGSL, Grid::Values))
    }
}
