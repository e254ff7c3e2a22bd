#!/usr/bin/python3
"""The measurements of bench/peers.

Rounds are outside and contenders inside.  Each measurement is a line of JSON on the
standard output as soon as it is known; with --done FILE, what is in that file is not
measured again.  bench/lib/peers_report.py makes tables and pictures of the lines.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import contenders
from cluster import Cluster, Failed, fresh_database, machine, psql, say

STARTERS, STARTED = 32, 100


def emit(**what):
    print(json.dumps(what), flush=True)
    return what


#
# One command
#

def finish(process, limit):
    """Wait for a process; its status, or "timeout" if it had to be killed.

    Not wait(limit): that polls, ever more slowly, and the time would be one of its pauses.
    """
    late = threading.Event()

    def kill():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(limit, kill)
    timer.start()
    status = process.wait()
    timer.cancel()
    return "timeout" if late.is_set() else status


class Run:
    """A command that has ended: its time, and what it wrote if it failed."""

    def __init__(self, contender, command, limit, watch=None):
        log = f"{contender.place.work}/log"
        environment = {**os.environ, **contender.environment()}
        with open(log, "w+b") as output:
            begin = time.monotonic()
            process = subprocess.Popen(command, cwd=contender.place.work, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output, start_new_session=True)
            with watch(process.pid) if watch else no_watch():
                self.status = finish(process, limit)
            self.ms = (time.monotonic() - begin) * 1000
        with open(log, encoding="utf-8", errors="replace") as output:
            self.error = output.read()[-600:] if self.status else None


class no_watch:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def status_of(pid):
    """Of /proc, in kB: the peak of a process, and its private memory."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmHWM"].split()[0]), int(fields["RssAnon"].split()[0])


def family(pid):
    """A process and its children, and theirs."""
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
            for child in children.read().split():
                yield from family(int(child))
    except OSError:
        pass


class Watch:
    """Looks at the memory of a client and of its backends every few milliseconds."""

    def __init__(self, client):
        self.client, self.end = client, threading.Event()
        with open(f"{os.environ['PGDATA']}/postmaster.pid", encoding="utf-8") as pid:
            self.postmaster = int(pid.readline())
        # Between fork and exec, a child is still this program.
        self.own = os.readlink("/proc/self/exe")
        self.peak = {"client": 0, "backend": 0, "private": 0}

    def look(self):
        for pid in family(self.client):
            try:
                if os.readlink(f"/proc/{pid}/exe") != self.own:
                    self.peak["client"] = max(self.peak["client"], status_of(pid)[0])
            except (OSError, KeyError):
                pass
        for pid in list(family(self.postmaster))[1:]:
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as line:
                    if line.read().startswith("postgres: postgres bench"):
                        high, private = status_of(pid)
                        self.peak["backend"] = max(self.peak["backend"], high)
                        self.peak["private"] = max(self.peak["private"], private)
            except (OSError, KeyError):
                pass

    def loop(self):
        while not self.end.wait(0.003):
            self.look()

    def __enter__(self):
        self.thread = threading.Thread(target=self.loop)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


#
# A contender with a number of migrations
#

def prepare(contender, count):
    """A new database, and its folder with so many migrations."""
    shutil.rmtree(contender.place.work, ignore_errors=True)
    os.makedirs(contender.place.work)
    for number in range(1, count + 1):
        contender.write(number, *contenders.statements(number))
    contender.finish(count)
    fresh_database()
    if contender.setup:
        psql(contender.setup, "bench")


def add_one(contender, count):
    contender.write(count, *contenders.statements(count))
    contender.finish(count)


def ran(count):
    """Whether the first `count` migrations have run, each once."""
    try:
        return psql(contenders.found(count), "bench").strip() == "t"
    except Failed:  # a table is not there
        return False


class Series:
    """From a new database to an empty one: the measurements of one contender and size."""

    def __init__(self, contender, count, number, plan):
        self.contender, self.count, self.round, self.plan = contender, count, number, plan

    def step(self, what, command, expected):
        if command is None:
            return True
        done = Run(self.contender, command, self.plan.asked.limit)
        error = done.error
        if error is None and not ran(expected):
            error = f"after {what}, what the {expected} first migrations make is not there"
        self.plan.note(emit(what=what, contender=self.contender.name, size=self.count, round=self.round,
                            ms=round(done.ms, 2), error=error))
        if error:
            say(f"  {self.contender.name}, {self.count}, {what}: {error}")
        return not error

    def run(self):
        contender, count = self.contender, self.count
        prepare(contender, count)
        if not self.step("apply", contender.up(count), count):
            return
        self.step("nothing", contender.nothing(count), count)
        add_one(contender, count + 1)
        if not self.step("more", contender.more(count + 1), count + 1):
            return
        if contender.down_one(count + 1):
            if not self.step("down one", contender.down_one(count + 1), count):
                return
            contender.finish(count)  # a manifest does without the last one again
        self.step("down all", contender.down_all(count), 0)


def starters(contender, number, limit):
    """All start at once; how long until the last one has ended, how many failed, what is there."""
    prepare(contender, STARTED)
    command, environment = contender.up(STARTED), {**os.environ, **contender.environment()}
    begin = time.monotonic()
    with open(f"{contender.place.work}/log", "wb") as log:
        running = [subprocess.Popen(command, cwd=contender.place.work, env=environment, stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, start_new_session=True) for _ in range(STARTERS)]
        for process in running:
            finish(process, max(0.1, begin + limit - time.monotonic()))
    ms = (time.monotonic() - begin) * 1000
    failed = sum(process.returncode != 0 for process in running)
    try:
        rows, versions = map(int, psql(contender.recorded, "bench").strip().split("|"))
    except (Failed, ValueError):
        rows = versions = 0
    return emit(what="starters", contender=contender.name, size=STARTED, round=number, ms=round(ms, 2), failed=failed,
                once=ran(STARTED), recorded=rows, versions=versions, error=None)


def sessions(contender, number):
    """As many sessions that do nothing, for comparison."""
    prepare(contender, 1)
    begin = time.monotonic()
    running = [subprocess.Popen([*contenders.PSQL, "-c", "SELECT 1"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
               for _ in range(STARTERS)]
    for process in running:
        process.wait()
    emit(what="starters", contender="(32 times psql with SELECT 1)", size=STARTED, round=number,
         ms=round((time.monotonic() - begin) * 1000, 2), failed=0, once=None, recorded=None, versions=None, error=None)


def memory(contender, count, limit):
    prepare(contender, count)
    peak = {}

    def watch(pid):
        watching = Watch(pid)
        peak.update(of=watching.peak)
        return watching
    done = Run(contender, contender.up(count), limit, watch)
    emit(what="memory", contender=contender.name, size=count, round=0, **peak["of"], error=done.error)


#
# All of it
#

def numbers(text):
    return [int(part) for part in text.split(",")]


def options():
    parser = argparse.ArgumentParser(prog="bench/peers")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--sizes", type=numbers, default=[10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=int, default=1000, metavar="N",
                        help="rounds of what takes over 10 s")
    parser.add_argument("--limit", type=int, default=600, metavar="SECONDS")
    parser.add_argument("--memory", type=int, default=1000, metavar="SIZE")
    parser.add_argument("--parts", default="series,starters,memory", type=lambda text: text.split(","))
    parser.add_argument("--done", metavar="FILE")
    parser.add_argument("--tools", required=True, help="JSON: for each tool its folder and version, or why it is skipped")
    return parser.parse_args()


class Plan:
    """What is to be measured, and has not been."""

    def __init__(self, asked):
        self.done, self.slow = set(), set()
        self.asked = asked
        if asked.done and os.path.exists(asked.done):
            with open(asked.done, encoding="utf-8") as lines:
                for line in map(json.loads, lines):
                    if "what" in line:
                        self.done.add((line["what"], line["contender"], line["size"], line["round"]))
                        self.note(line)

    def note(self, line):
        """What takes long needs not be measured as often."""
        if line.get("ms", 0) > 10000:
            self.slow.add(("starters" if line["what"] == "starters" else "apply", line["contender"], line["size"]))

    def wants(self, what, name, size, number):
        if number >= self.asked.slow and (what, name, size) in self.slow:
            return False
        return (what, name, size, number) not in self.done


def tcp_password():
    """A password for the loopback interface; who measures must not open a door."""
    password = os.urandom(16).hex()
    psql(f"ALTER ROLE postgres PASSWORD '{password}'", "postgres")
    with open(f"{os.environ['PGDATA']}/pg_hba.conf", "w", encoding="utf-8") as hba:
        hba.write("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    psql("SELECT pg_reload_conf()", "postgres")
    return password


def measure(asked, chosen, plan):
    for number in range(asked.rounds):
        for size in asked.sizes if "series" in asked.parts else []:
            for contender in chosen:
                if size <= contender.most and plan.wants("apply", contender.name, size, number):
                    begin = time.monotonic()
                    Series(contender, size, number, plan).run()
                    took = time.monotonic() - begin
                    say(f"round {number + 1}: {size} migrations, {contender.name}: {took:.1f} s")
        if "starters" in asked.parts:
            for contender in chosen:
                if contender.history and plan.wants("starters", contender.name, STARTED, number):
                    plan.note(starters(contender, number, asked.limit))
            if plan.wants("starters", "(32 times psql with SELECT 1)", STARTED, number):
                sessions(chosen[0], number)
            say(f"round {number + 1}: {STARTERS} starters")
    for contender in chosen if "memory" in asked.parts else []:
        size = min(asked.memory, contender.most)
        if plan.wants("memory", contender.name, size, 0):
            memory(contender, size, asked.limit)
            say(f"memory: {contender.name}")


def with_port(body):
    """The cluster on a free port of the loopback interface."""
    for _ in range(20):
        port = random.randint(20000, 30000)
        try:
            cluster = Cluster(listen_addresses="127.0.0.1", port=port)
            with cluster:
                return body(cluster, port)
        except Failed as failure:
            if "pg_ctl" not in str(failure):
                raise
    raise Failed("found no free port")


def main():
    asked = options()
    tools = json.loads(asked.tools)
    plan = Plan(asked)

    def body(cluster, port):
        password = tcp_password()
        os.environ.update(PGHOST="127.0.0.1", PGPORT=str(port), PGPASSWORD=password, PGDATABASE="bench")
        folders = {name: tool["folder"] for name, tool in tools.items() if "folder" in tool}
        place = contenders.Place(f"{cluster.work}/place", port, password, folders)
        wanted = [kind for kind in contenders.ALL
                  if not asked.only or kind is contenders.BASE or any(text.lower() in kind.name.lower() for text in asked.only)]
        chosen = [kind(place) for kind in wanted if kind.tool is None or kind.tool in folders]
        emit(head=machine(), starters=STARTERS, started=STARTED,
             contenders=[{"name": kind.name, "tool": kind.tool, "compares": kind.compares, "most": kind.most,
                          "version": tools.get(kind.tool, {}).get("version"),
                          "skipped": tools.get(kind.tool, {}).get("skipped")} for kind in wanted])
        measure(asked, chosen, plan)

    with_port(body)
    return 0


sys.exit(main())
