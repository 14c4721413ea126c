//! What the packages of the engine share: shapes and number types, an update's loops, the portable generator, what a metaparameter
//! is, metrics as recorded, numbers and the beginnings of texts in messages. The lowest floor: it imports no other package of the
//! workspace (`docs/architecture.md`).

pub mod excerpt;
pub mod metaparameter;
pub mod number;
pub mod random;
pub mod record;
pub mod tensor;
pub mod vector;
