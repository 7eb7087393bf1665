//! What a person is told when the program itself is broken.

use std::panic::PanicHookInfo;

use crate::console::Console;

/// Panics of these libraries are caught where they matter. The Delta writer gives up an upload that may be over already, and
/// takes the panic that this leads to for the answer "it was" (`deltalake-core`, `datafile/writer.rs`). The reader of workbooks
/// trusts what is written in damaged ones; the files connector says that they are.
const CAUGHT: [&str; 2] = ["/object_store-", "/calamine-"];

/// Tells a panic as the defect that it is, in place of the runtime's own text.
pub(crate) fn tell(console: &Console) {
    let console = console.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.location().is_some_and(|place| CAUGHT.iter().any(|library| place.file().contains(library))) {
            tracing::debug!("{panic}");
        } else {
            console.err(&text(panic));
        }
    }));
}

fn text(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let message =
        payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = panic.location().map_or_else(String::new, |place| format!("\n  --> {place}"));
    let trace = std::backtrace::Backtrace::capture();
    let (trace, help) = match trace.status() {
        std::backtrace::BacktraceStatus::Captured => (format!("\n{trace}"), ""),
        _ => (String::new(), "; RUST_BACKTRACE=1 shows how it came to that"),
    };
    format!(
        "error[HW0818]: Headwater is broken here: {}{place}{trace}\n  help: please report this text{help}\n",
        message.unwrap_or("no message")
    )
}
