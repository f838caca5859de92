"""What gdb sees: each line it prints is a name, and the nanoseconds that a command took."""

import time

import gdb

SOURCE = "tests/firmware/depth.c"
PATIENCE = 6  # seconds, for one name


def measure(name, command, count, ready=()):
    """Measures a command up to `count` times, but not what gets it ready."""
    begin = time.monotonic()
    for number in range(count):
        for line in ready:
            gdb.execute(line, to_string=True)
        start = time.monotonic_ns()
        gdb.execute(command, to_string=True)
        print("@", name, time.monotonic_ns() - start, flush=True)
        if time.monotonic() - begin > PATIENCE:
            break


def line_of(text):
    with open(SOURCE) as source:
        return next(number for number, line in enumerate(source, 1) if text in line)


measure("bt", "bt", 1)
gdb.execute("stepi", to_string=True)
measure("reverse-stepi", "reverse-stepi", 400)

# The line in front of this one takes 3600 instructions.
gdb.execute("break %s:%d" % (SOURCE, line_of("beside.checksum = sum")), to_string=True)
measure("reverse-step", "reverse-step", 5, ["reverse-continue"])
gdb.execute("delete", to_string=True)

gdb.execute("break landmark", to_string=True)
measure("often", "reverse-continue", 100)
gdb.execute("delete", to_string=True)

for name, stop in [
    ("start-up", "break main"),
    ("once", "break once"),
    ("alone", "watch alone.value"),
    ("beside", "watch beside.value"),
]:
    # A watchpoint that is set anew: gdb does not see that the value changes on the way to the end.
    measure(name, "reverse-continue", 5, ["delete", "seek end", stop])
    function = gdb.selected_frame().name()
    if function not in ("main", "once"):
        raise gdb.GdbError(f"{name}: back to {function}")
