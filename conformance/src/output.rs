//! Everything a person sees: results on standard output, progress on standard error.
//!
//! On a terminal progress is drawn in place; elsewhere each finished module is one line, so that a log of a build
//! server reads well.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one module that talks to the person")]

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::Duration;

const REDRAW_INTERVAL: Duration = Duration::from_millis(120);

/// Prints one line of results.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints one line about what is going on, or an error.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// A spinner with a clock while something starts.
pub(crate) struct Waiting(ProgressBar);

impl Waiting {
    /// Shows `what`.
    pub(crate) fn start(what: &str) -> Self {
        if !stderr().is_terminal() {
            note(&format!("{what} ..."));
        }
        let spinner = ProgressBar::new_spinner().with_style(style("{spinner} {msg} {elapsed}"));
        spinner.set_message(what.to_owned());
        spinner.enable_steady_tick(REDRAW_INTERVAL);
        Self(spinner)
    }

    /// Takes the spinner away.
    pub(crate) fn done(self) {
        self.0.finish_and_clear();
    }
}

/// The progress of several plans side by side.
pub(crate) struct Progress(MultiProgress);

impl Progress {
    /// Draws on standard error where that is a terminal.
    pub(crate) fn new() -> Self {
        Self(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
    }

    /// A bar for one plan; `length` modules are to come.
    pub(crate) fn plan(&self, name: &str, length: usize) -> PlanProgress {
        let bar =
            ProgressBar::new(length as u64).with_style(style("{prefix:20!} {wide_bar} {pos}/{len} {elapsed} {msg}"));
        bar.set_prefix(name.to_owned());
        PlanProgress { all: self.0.clone(), bar: self.0.add(bar), name: name.to_owned(), length }
    }
}

/// The progress of one plan.
pub(crate) struct PlanProgress {
    all: MultiProgress,
    bar: ProgressBar,
    name: String,
    length: usize,
}

impl PlanProgress {
    /// A module begins.
    pub(crate) fn begin(&self, module: &str) {
        self.bar.set_message(module.to_owned());
        self.bar.tick();
    }

    /// A module ended; `outcome` says how.
    pub(crate) fn end(&self, module: &str, outcome: &str) {
        self.bar.inc(1);
        let text = format!("{:<20} {:>3}/{} {outcome:<8} {module}", self.name, self.bar.position(), self.length);
        if stderr().is_terminal() {
            // Drawing can fail only with the terminal, which the results do not need.
            drop(self.all.println(text));
        } else {
            note(&text);
        }
    }
}

impl Drop for PlanProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The templates are constants; were one wrong, the default style would do.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
