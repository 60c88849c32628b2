"""Was the machine quiet? Others who use it spoil a measurement, and an average does
not show it. So every cell notes how much of the processors went to others meanwhile,
what another machine on the same hardware took, how often the server was put aside,
and whether the processor was as fast after it as before."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import proc

OTHERS = 0.10  # of a core, that others may use
DIFFERENCE = 1.10  # of the calibration's two times
STOLEN = 0.02  # of a core
TRACKED = 0.9  # of the table of a firewall that tracks connections
LOOP = 60_000
TICK = os.sysconf("SC_CLK_TCK")


def calibrate() -> float:
    """Milliseconds that the same work takes: the least of three, on this core."""
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        value = 0
        for number in range(LOOP):
            value ^= number * 7
        took.append((time.perf_counter() - begun) * 1000)
    return min(took)


def machine_times() -> tuple[float, float]:
    """Seconds of all cores so far: busy, and stolen."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, irq, soft, steal = (int(w) / TICK for w in words)
    return user + nice + system + irq + soft, steal


def put_aside(pids: list[int]) -> int:
    """How often these processes lost the core against their will."""
    count = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                text = Path(f"/proc/{pid}/task/{task}/status").read_text()
                found = re.search(r"(?m)^nonvoluntary.*:\s+(\d+)", text)
                count += int(found[1]) if found else 0
        except OSError:
            continue  # it has ended
    return count


def tracked() -> float:
    """How full the firewall's table of connections is. Full, it drops new ones, and
    it keeps an ended one for two minutes; see grader.alone."""
    try:
        count, most = (
            int(Path(f"/proc/sys/net/netfilter/nf_conntrack_{name}").read_text())
            for name in ("count", "max")
        )
    except OSError:
        return 0.0  # there is none
    return count / most


@dataclass
class Watch:
    """Looks at the machine before and after a cell."""

    server: int  # its process
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.speed = calibrate()
        self.seen = proc.tree(self.server)
        self.own = self._own()
        self.times = machine_times()
        self.aside = put_aside(self.seen.pids)
        self.began = time.monotonic()

    def _own(self) -> float:
        """Processor time of the load: this process and its ended children."""
        times = os.times()
        return sum(times[:4])

    def tell(self) -> dict[str, Any]:
        """What happened since, and what of it disturbed."""
        took = time.monotonic() - self.began
        busy, stolen = machine_times()
        now = proc.tree(self.server)
        served = now.seconds - self.seen.seconds
        others = busy - self.times[0] - served - (self._own() - self.own)
        aside = put_aside(now.pids) - self.aside
        speed = calibrate()
        found: dict[str, Any] = {
            "cpu_seconds": round(served, 3),
            "busy": round(served / took, 3),
            "others": round(max(others, 0.0) / took, 3),
            "stolen": round((stolen - self.times[1]) / took, 3),
            "put_aside": max(aside, 0),
            "calibration_ms": [round(self.speed, 2), round(speed, 2)],
            "tracked": round(tracked(), 2),
            "load_average": round(os.getloadavg()[0], 2),
        }
        found["disturbed"] = reasons(found)
        return found


def reasons(found: dict[str, Any]) -> list[str]:
    """Why a cell is not to be trusted; none where it is."""
    out = []
    others, stolen = found["others"], found["stolen"]
    before, after = found["calibration_ms"]
    if others > OTHERS:
        out.append(f"others used {others:.0%} of a core")
    if stolen > STOLEN:
        out.append(f"{stolen:.0%} of a core was stolen")
    if found["tracked"] > TRACKED:
        out.append("the firewall's table of connections is full")
    if max(before, after) > DIFFERENCE * min(before, after):
        out.append(f"the processor's speed went from {before} to {after} ms")
    return out
