"""What 8 bits cost, and the precisions that were tried, in one line each."""

from __future__ import annotations

from neopack.values.quantization import Quantization, Trial

__all__ = ["quantization_text", "trial_text"]


def quantization_text(record: Quantization) -> str:
    if record.drop is None:
        with_what = f", calibrated with {record.calibration}" if record.calibration else ""
        return f"unknown{with_what}"
    drop = f"{record.drop:.2g} lost" if record.drop > 0 else "nothing lost"
    same = "" if record.agreement is None else f"; {record.agreement:.1%} agree with fp32"
    return (
        f"{record.metric} {record.before:.4g} in fp32, {record.after:.4g} now: {drop}, on "
        f"{record.held_back} held-back samples{same}"
    )


def trial_text(trial: Trial) -> str:
    what = " in ".join(filter(None, (trial.engine, trial.precision)))
    if trial.milliseconds is None:
        return f"{what}: {trial.why_not}"
    lost = "" if trial.drop is None else f", {max(trial.drop, 0.0):.2g} lost"
    return f"{what}: {trial.milliseconds:.2f} ms{lost}"
