//! The binary: picks the allocator and hands over to the command line.

/// Many small, short-lived buffers on several threads, and a resident size that has to shrink again:
/// `docs/adr/0003-allocator.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    qr_observatory::cli::main()
}
