//! Ours beside qrcodegen, module by module.
//!
//! Invariant: every difference is printed with what makes it again.

use std::{
    io::{self, IsTerminal},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::Duration,
};

use benches::{
    ours::{self, Cpu, Mask, Matrix, Symbol},
    peers,
};

use crate::{Flags, case::Case, rule};

/// More would say nothing new.
const SHOWN: usize = 5;

#[derive(Default)]
struct Tally {
    next: AtomicUsize,
    done: AtomicUsize,
    wrong: AtomicUsize,
    ties: AtomicUsize,
}

pub fn verify(flags: &Flags) -> Result<(), String> {
    let tally = Tally::default();
    thread::scope(|scope| {
        let start = |_| scope.spawn(|| work(flags, &tally));
        let workers: Vec<_> = (0..flags.threads.max(1)).map(start).collect();
        // One that panics is finished, too.
        while workers.iter().any(|worker| !worker.is_finished()) {
            if io::stderr().is_terminal() {
                eprint!(
                    "\rmatrices: {} of {} ",
                    tally.done.load(Relaxed),
                    flags.count
                );
            }
            thread::sleep(Duration::from_millis(200));
        }
    });
    let wrong = tally.wrong.load(Relaxed);
    let cpus: Vec<String> = Cpu::available().map(|cpu| cpu.to_string()).collect();
    eprintln!(
        "matrices: {} inputs, each under 8 masks and the automatic one on {}: {wrong} differ \
         ({} ties of the lowest penalty)",
        flags.count,
        cpus.join(", "),
        tally.ties.load(Relaxed)
    );
    if wrong == 0 {
        Ok(())
    } else {
        Err(format!(
            "matrices: {wrong} of {} inputs differ",
            flags.count
        ))
    }
}

fn work(flags: &Flags, tally: &Tally) {
    loop {
        let index = tally.next.fetch_add(1, Relaxed);
        if index >= flags.count {
            return;
        }
        let case = Case::new(flags.seed, index);
        if let Err(what) = check(&case, tally)
            && tally.wrong.fetch_add(1, Relaxed) < SHOWN
        {
            eprintln!(
                "input {index} of seed {}: {what}; {}",
                flags.seed,
                case.describe()
            );
        }
        tally.done.fetch_add(1, Relaxed);
    }
}

fn check(case: &Case, tally: &Tally) -> Result<(), String> {
    let segment = case.segment().ok_or("qrcodegen has no such segment")?;
    let masks = (0..8).filter_map(Mask::new);
    let mut penalties = Vec::new();
    let mut theirs = Vec::new();
    for mask in masks {
        let number = case.version.number();
        let matrix = peers::qrcodegen_symbol(&segment, number, case.level, mask.reference());
        let matrix = matrix.ok_or("qrcodegen finds it too long")?;
        same(&encode(case, Cpu::best(), Some(mask))?, case, mask, &matrix)?;
        penalties.push(rule::penalty(&matrix));
        theirs.push(matrix);
    }
    let lowest = penalties.iter().min().copied().unwrap_or_default();
    let best = penalties.iter().position(|&penalty| penalty == lowest);
    if penalties
        .iter()
        .filter(|&&penalty| penalty == lowest)
        .count()
        > 1
    {
        tally.ties.fetch_add(1, Relaxed);
    }
    let best = best.unwrap_or_default();
    let mask = u8::try_from(best)
        .ok()
        .and_then(Mask::new)
        .ok_or("no such mask")?;
    for cpu in Cpu::available() {
        same(&encode(case, cpu, None)?, case, mask, &theirs[best])
            .map_err(|what| format!("automatic mask on {cpu}: {what}, penalties {penalties:?}"))?;
    }
    Ok(())
}

fn encode(case: &Case, cpu: Cpu, mask: Option<Mask>) -> Result<Symbol, String> {
    ours::encode_on(cpu, case.content(), &case.options(mask))
        .map_err(|error| format!("ours refuses mask {mask:?}: {error}"))
}

fn same(symbol: &Symbol, case: &Case, mask: Mask, matrix: &Matrix) -> Result<(), String> {
    let said = (symbol.version(), symbol.level(), symbol.mask());
    let asked = (case.version, case.level, mask);
    if said != asked {
        return Err(format!("ours is {said:?} instead of {asked:?}"));
    }
    let rows = symbol.matrix().rows().iter().zip(matrix.rows());
    let differs = rows.into_iter().position(|(ours, theirs)| ours != theirs);
    match differs {
        Some(y) => Err(format!("mask {} differs from row {y} on", mask.reference())),
        None if symbol.matrix() == matrix => Ok(()),
        None => Err("another size".to_owned()),
    }
}
