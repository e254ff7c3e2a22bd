#!/usr/bin/python3
"""peers_report.py LINES FOLDER [--only-results]

From what bench/lib/peers.py has measured, peers.md, peers.json and two pictures in a
folder, and, unless --only-results, the short tables in README.md and bench/README.md,
between their lines <!-- bench/peers --> and <!-- /bench/peers -->.
"""

import collections
import json
import os
import re
import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

import contenders  # noqa: E402
from cluster import median, table  # noqa: E402

BASE = contenders.BASE.name
STEPS = [
    ("apply", "A first run of all"),
    ("nothing", "Nothing to do"),
    ("more", "One more"),
    ("down one", "Down one"),
    ("down all", "Down all"),
]


class Results:
    """The lines, by what was measured: milliseconds by round."""

    def __init__(self, path):
        self.times = collections.defaultdict(dict)
        self.errors, self.starters, self.memory, self.head = {}, collections.defaultdict(list), {}, {}
        with open(path, encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                self.add(line)

    def add(self, line):
        if "head" in line:
            known = {each["name"]: each for each in self.head.get("contenders", [])}
            known.update((each["name"], each) for each in line["contenders"])
            order = [kind.name for kind in contenders.ALL]
            self.head = {**line, "contenders": sorted(known.values(), key=lambda each: order.index(each["name"]))}
        elif line["what"] == "starters":
            self.starters[line["contender"]].append(line)
        elif line["what"] == "memory":
            self.memory[line["contender"]] = line
        elif line["error"]:
            self.errors[line["what"], line["contender"], line["size"]] = line["error"]
        else:
            self.times[line["what"], line["contender"], line["size"]][line["round"]] = line["ms"]

    def names(self):
        return [each["name"] for each in self.head["contenders"] if not each.get("skipped")]

    def sizes(self):
        return sorted({size for what, _, size in self.times if what == "apply"})

    def ratios(self, what, name, size):
        """Of each round, the time as a multiple of the base's in the same round."""
        base = self.times.get((what, BASE, size), {})
        return [ms / base[number] for number, ms in self.times.get((what, name, size), {}).items() if number in base]

    def cell(self, what, name, size):
        if (what, name, size) in self.errors:
            return "**failed**"
        times = self.times.get((what, name, size))
        if not times:
            return "–"
        text = milliseconds(median(times.values()))
        ratios = self.ratios(what, name, size)
        if name != BASE and ratios:
            text += f" · {median(ratios):.2f}"
            if len(ratios) > 1:
                text += f" ({min(ratios):.2f}–{max(ratios):.2f})"
        return text


def milliseconds(ms):
    return f"{ms:.1f}" if ms < 99.95 else f"{ms:,.0f}"


def label(each):
    version = f" {each['version']}" if each.get("version") else ""
    return each["name"] + version + (" †" if each["compares"] else "")


def shown(results):
    return [(each["name"], label(each)) for each in results.head["contenders"] if not each.get("skipped")]


#
# The tables
#

def step_table(results, what):
    rows = [["", *(f"{size:,}" for size in results.sizes())]]
    for name, text in shown(results):
        cells = [results.cell(what, name, size) for size in results.sizes()]
        if any(cell != "–" for cell in cells):
            rows.append([text, *cells])
    return table(rows)


def starters_of(results, name):
    """Milliseconds, failed ones, and whether each migration ran exactly once; or None."""
    runs = results.starters.get(name)
    if not runs:
        return None
    failed = [run["failed"] for run in runs]
    once = all(run["once"] for run in runs) if runs[0]["once"] is not None else None
    recorded = all(run["recorded"] == run["versions"] == results.head["started"] for run in runs) if once is not None else None
    return median([run["ms"] for run in runs]), failed, once, recorded


def starters_table(results):
    rows = [["", "ms until all have ended", "failed", "each migration once", "its history"]]
    for name, text in [*shown(results), ("(32 times psql with SELECT 1)",) * 2]:
        found = starters_of(results, name)
        if found:
            ms, failed, once, recorded = found
            low, high = min(failed), max(failed)
            rows.append([text, milliseconds(ms), f"{low}" if low == high else f"{low} to {high}",
                         "" if once is None else "yes" if once else "**no**",
                         "" if once is None else "right" if recorded else "**wrong**"])
    return table(rows)


def memory_table(results):
    rows = [["", "migrations", "client, MB", "backend, MB", "of it private, MB"]]
    for name, text in shown(results):
        found = results.memory.get(name)
        if found:
            rows.append([text, f"{found['size']:,}", *(f"{found[key] / 1024:.1f}" for key in ("client", "backend", "private"))])
    return table(rows)


def rounds(results):
    counts = {len(times) for times in results.times.values()}
    return f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{min(counts or {0})}"


def full(results):
    parts = [f"""# Beside other tools

{results.head['head']}. Rounds: {rounds(results)}.

The same migrations for all, one statement each, in turn `CREATE TABLE`, `ALTER TABLE`, `CREATE INDEX`, `INSERT`, `CREATE FUNCTION` and
`COMMENT`, in each tool's own layout. All connect over TCP on the loopback interface with a password. Milliseconds by the clock,
from the start of the program to its end, median of the rounds; after the point the ratio to "{BASE}" in the same round, its median (lowest–highest).
† compares the text of the files with what ran, at each start.
"""]
    for what, title in STEPS:
        parts.append(f"## {title}\n\n{NOTES.get(what, '')}{step_table(results, what)}")
    parts.append(f"## {results.head['starters']} starters at once\n\n{results.head['started']} migrations, in a new database. "
                 f"The picture is [starters.svg](starters.svg).\n\n{starters_table(results)}")
    parts.append("## Memory\n\nThe peak of the largest process of the client and of its backends (VmHWM in /proc) in a first run, read every few "
                 "milliseconds. The backend's includes the shared buffers that it has touched; its own is the peak of RssAnon.\n\n"
                 + memory_table(results))
    skipped = [f"- {each['name']} {each['version'] or ''}: {each['skipped']}\n" for each in results.head["contenders"] if each.get("skipped")]
    if skipped:
        parts.append("## SKIPPED\n\n" + "".join(skipped))
    if results.errors:
        parts.append("## Failed\n\n" + "".join(
            f"- {name}, {size:,} migrations, {what}: `{' '.join(error.split())[-300:].replace('`', '')}`\n"
            for (what, name, size), error in results.errors.items()))
    return "\n".join(parts)


NOTES = {
    "apply": "The picture is [apply.svg](apply.svg).\n\n",
    "nothing": f"\"{BASE}\" is here one psql that lists, reads and hashes the files.\n\n",
    "more": "One file is new.\n\n",
}


SHORT = [("apply", "apply"), ("nothing to do", "nothing"), ("one more", "more"), ("down all", "down all")]


def shown_size(results):
    return max([size for size in results.sizes() if size <= 1000], default=0)


def starters_cell(results, name):
    found = starters_of(results, name)
    if not found:
        return "–"
    ms, failed, once, _ = found
    said = "none fails" if not max(failed) else f"**{max(failed)} fail**"
    return f"{milliseconds(ms)}, {said}{'' if once else ', **not each once**'}"


def note(results):
    return (f"Milliseconds, {shown_size(results):,} migrations of one statement, median of {rounds(results)} rounds, "
            f"{results.head['head'].split(',')[0]}, {results.head['head'].split(', ')[-1]}; `bench/peers` measures it")


def short(results):
    """The table of bench/README.md: a row for each contender, at one size."""
    size = shown_size(results)
    rows = [["", *(title for title, _ in SHORT), f"{results.head['starters']} start at once"]]
    for name, text in shown(results):
        rows.append([text, *(plain(results, what, name, size) for _, what in SHORT), starters_cell(results, name)])
    return table(rows) + f"\n{note(results)}. † compares the files' text with what ran.\n"


# The columns of the table in README.md, as far as they have been measured.
COLUMNS = [contenders.Apply, contenders.Up, contenders.LoopHistory, contenders.Goose, contenders.GolangMigrate, contenders.Flyway,
           contenders.Sqitch]


def shorter(results):
    """The table of README.md, which has as many lines whatever was measured."""
    size = shown_size(results)
    texts = dict(shown(results))
    names = [kind.name for kind in COLUMNS if kind.name in texts]
    rows = [["", *(texts[name].replace(" with lock, SHA-256 and history", "").replace(" †", "") for name in names)]]
    rows += [[title if what != "apply" else "all of them", *(plain(results, what, name, size) for name in names)] for title, what in SHORT]
    rows.append([f"{results.head['starters']} instances start at once", *(starters_cell(results, name) for name in names)])
    return table(rows) + f"\n{note(results)}, with [more tools](bench/README.md#peers-beside-other-tools).\n"


def plain(results, what, name, size):
    times = results.times.get((what, name, size))
    return milliseconds(median(times.values())) if times else "–"


#
# The pictures
#

OURS = {contenders.Apply.name: "#c0392b", contenders.Up.name: "#e67e22"}
OTHERS = ["#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#17becf", "#7f7f7f", "#bcbd22", "#e377c2"]


def start_picture(width, height):
    pyplot.rcParams.update({"svg.hashsalt": "bench/peers", "svg.fonttype": "none", "font.size": 9})
    return pyplot.subplots(figsize=(width, height), layout="constrained")


def end_picture(figure, path):
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def draw_apply(results, path):
    figure, axes = start_picture(9, 6)
    lines, number = [], 0
    for name in results.names():
        points = [(size, median(results.times["apply", name, size].values()))
                  for size in results.sizes() if results.times.get(("apply", name, size))]
        if not points:
            continue
        if name in OURS:
            style = {"color": OURS[name], "linewidth": 2.6, "zorder": 3}
        else:
            style = {"color": OTHERS[number % len(OTHERS)], "linewidth": 1.1, "linestyle": ["-", "--", ":"][number // len(OTHERS)]}
            number += 1
        line, = axes.plot(*zip(*points), marker="o", markersize=3, label=name.replace("`", ""), **style)
        lines.append((points[-1][0], points[-1][1], line))
    axes.set(xscale="log", yscale="log", xlabel="migrations", ylabel="milliseconds",
             title="A first run of all migrations, by their number")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(True, which="major", linewidth=0.3)
    # slowest first, as they are in the picture
    order = [line for _, _, line in sorted(lines, key=lambda each: (-each[0], -each[1]))]
    axes.legend(handles=order, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    end_picture(figure, path)


def draw_starters(results, path):
    bars = [(found[0], name.replace("`", ""), max(found[1]), found[2])
            for name in [*results.names(), "(32 times psql with SELECT 1)"] if (found := starters_of(results, name))]
    bars.sort(reverse=True)
    figure, axes = start_picture(9, 0.6 + 0.32 * max(1, len(bars)))
    ours = {name.replace("`", "") for name in OURS}
    colors = ["#c0392b" if name in ours else "#bdc3c7" if failed else "#1f77b4" for _, name, failed, _ in bars]
    drawn = axes.barh([name for _, name, _, _ in bars], [ms for ms, _, _, _ in bars], color=colors)
    axes.bar_label(drawn, [f" {ms:,.0f} ms" + (f", {failed} failed" if failed else "") + (", not each once" if once is False else "")
                           for ms, _, failed, once in bars])
    axes.set(xscale="log", xlabel="milliseconds until all have ended",
             title=f"{results.head['starters']} starters at once, {results.head['started']} migrations")
    if bars:
        axes.set_xlim(min(bars)[0] / 2, max(bars)[0] * 8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    end_picture(figure, path)


#
# The files
#

def summary(results):
    """What peers.json has: the head, and all times by round."""
    return {
        **results.head,
        "times": [{"what": what, "contender": name, "size": size, "ms": [times[number] for number in sorted(times)],
                   "ratio": round(median(ratios), 3) if (ratios := results.ratios(what, name, size)) else None}
                  for (what, name, size), times in results.times.items()],
        "starters_at_once": [run for runs in results.starters.values() for run in runs],
        "memory": list(results.memory.values()),
        "failed": [{"what": what, "contender": name, "size": size, "error": error}
                   for (what, name, size), error in results.errors.items()],
    }


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def put_into(path, text):
    """Between the two marks of a document."""
    with open(path, encoding="utf-8") as file:
        before = file.read()
    after = re.sub(r"(<!-- bench/peers -->\n).*?(<!-- /bench/peers -->)", lambda found: found[1] + text + found[2], before, flags=re.S)
    if after != before:
        write(path, after)


def main(lines, folder, *rest):
    results = Results(lines)
    os.makedirs(folder, exist_ok=True)
    write(f"{folder}/peers.md", full(results))
    write(f"{folder}/peers.json", json.dumps(summary(results), indent=1, ensure_ascii=False) + "\n")
    draw_apply(results, f"{folder}/apply.svg")
    draw_starters(results, f"{folder}/starters.svg")
    if "--only-results" not in rest:
        top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        put_into(f"{top}/README.md", shorter(results))
        put_into(f"{top}/bench/README.md", short(results))


main(*sys.argv[1:])
