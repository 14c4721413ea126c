//! The native program `brink`.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    brink::cli::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
