//! Gridtwin: the app.

fn main() -> std::process::ExitCode {
    gridtwin::run()
}
