//! What is installed into an empty environment, and nothing else, works: the import, the native containers, the licences, and
//! both forms of the command.

use std::path::Path;

use anyhow::{Result, ensure};

use super::WORK;
use crate::{environment, interpreters::Interpreter, process, report::Outcome};

const PROGRAM: &str = "xtask/src/package/smoke.py";

/// Says whose class programs get.
const WHOSE: &str = "import weakref; print(weakref.WeakSet().__class__.__mro__)";

/// Installs a wheel without an index, so that it can need nothing, and tries it.
pub(super) fn works(wheel: &Path, interpreter: &Interpreter, version: &str) -> Result<Outcome> {
    let directory = Path::new(WORK)
        .join("environments")
        .join(&interpreter.label);
    let environment = environment::empty(interpreter, &directory)?;
    environment.install_file(wheel)?;
    let python = environment.python();
    process::output(&mut python.run(&["-I", PROGRAM, version]))?;
    let mut module = python.module("weakrefs");
    let mut script = environment.command("weakrefs");
    for command in [&mut module, &mut script] {
        let whose = process::output(command.args(["-c", WHOSE]))?;
        ensure!(
            whose.contains("weakrefs._weakrefs"),
            "the command left the standard classes in place: {whose}"
        );
    }
    Ok(Outcome {
        passed: 3,
        note: format!("CPython {}", interpreter.label),
        ..Outcome::default()
    })
}
