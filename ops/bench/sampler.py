"""Samples where a process spends its CPU time, with no hook in the code it watches.

The kernel's profiling timer counts CPU time only, in user and kernel mode, and signals at most once in each of its
ticks (250 or 1,000 a second); the handler notes the stage and the function that runs. Code below Python counts for the
function that called it. What is sampled before the first decision is start-up, and is dropped.
"""

import signal
import sys
from collections import Counter
from pathlib import PurePath
from types import FrameType

from pydantic import BaseModel, ConfigDict

from ops.bench.stages import Stage, StageFinder

_EVERY_SECONDS = 0.001
_GENERATED = "<string>"


class FunctionSamples(BaseModel):
    """How often a function was found running, and at which stage."""

    model_config = ConfigDict(frozen=True)

    function: str
    stage: Stage
    samples: int


class Samples(BaseModel):
    """What was found: samples by stage, and by function, the most frequent first."""

    model_config = ConfigDict(frozen=True)

    stages: dict[Stage, int]
    functions: list[FunctionSamples]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.stages.values())

    def share(self, samples: int) -> float:
        """Return which part of all so many samples are."""
        return samples / self.total if self.total else 0.0


class Sampler:
    """Samples this process from `start` on."""

    def __init__(self) -> None:
        self._finder = StageFinder()
        self._found: Counter[tuple[str, Stage]] = Counter()
        self._deciding = False

    def start(self) -> None:
        """Start sampling; call it in the main thread."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _EVERY_SECONDS, _EVERY_SECONDS)

    def stop(self) -> Samples:
        """Stop sampling, and return what was found."""
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        stages: Counter[Stage] = Counter()
        for (_, stage), samples in self._found.items():
            stages[stage] += samples
        functions = [
            FunctionSamples(function=function, stage=stage, samples=samples)
            for (function, stage), samples in self._found.most_common()
        ]
        return Samples(stages={stage: stages[stage] for stage in Stage}, functions=functions)

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        stage = self._finder.stage_of(frame)
        self._deciding = self._deciding or stage is Stage.DECIDE
        if self._deciding:
            self._found[_function_of(frame), stage] += 1


def _function_of(frame: FrameType | None) -> str:
    """Return the function that runs; what is generated, as dataclasses' constructors are, counts for its caller."""
    while frame is not None and frame.f_code.co_filename == _GENERATED:
        frame = frame.f_back
    if frame is None:
        return _GENERATED
    path = PurePath(frame.f_code.co_filename)
    roots = [root for root in sys.path if root and path.is_relative_to(root)]
    return f"{path.relative_to(max(roots, key=len)) if roots else path}:{frame.f_code.co_qualname}"
