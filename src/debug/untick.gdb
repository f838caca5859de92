# Commands of gdb's own for a run under untick. The server does the work; gdb has to see a stop to notice that it moved.

# Nothing is lost that a question could save: the run stays, whatever gdb does.
set confirm off
set pagination off
set print inferior-events off

define when
  monitor when
end
document when
Show where in the run the debugger is: icount, cycle, seconds, and how far along.
end

define seek
  if $argc != 1
    echo usage: seek N, seek +N, seek -N, seek start, seek end, seek N%\n
  else
    monitor arm-seek $arg0
    stepi
  end
end
document seek
Go to a position in the run: seek N, seek +N, seek -N, seek start, seek end, seek N%.
end

define goto
  if $argc != 1
    echo usage: goto NAME\n
  else
    monitor arm-seek $arg0
    stepi
  end
end
document goto
Go to a bookmark: goto NAME. `bookmarks` lists them.
end

define bookmark
  if $argc == 1
    monitor bookmark $arg0
  else
    if $argc == 2
      monitor bookmark $arg0 $arg1
    else
      echo usage: bookmark NAME, bookmark NAME POSITION, bookmark -d NAME\n
    end
  end
end
document bookmark
Name a position of the run, here or elsewhere: bookmark NAME, bookmark NAME POSITION; remove it: bookmark -d NAME.
end

define bookmarks
  monitor bookmarks
end
document bookmarks
List all bookmarks of the run.
end

define periph
  if $argc == 0
    monitor periph
  else
    monitor periph $arg0
  end
end
document periph
Show the peripherals of the board, or what is in the registers of one: periph, periph NAME, periph NAME.REG.
end

define mmio
  if $argc == 1
    monitor mmio $arg0
  else
    if $argc == 2
      monitor mmio $arg0 last $arg1
    else
      if $argc == 3
        monitor mmio $arg0 $arg1 $arg2
      else
        echo usage: mmio NAME[.REG] [last N]\n
      end
    end
  end
end
document mmio
List the last accesses to a peripheral or a register, and what they changed: mmio NAME[.REG] [last N].
end

# What gdb can evaluate and the server cannot: expressions and lines of source.

define last-write
  if $argc == 1
    eval "monitor last-write %lu %lu", (unsigned long)&($arg0), (unsigned long)sizeof($arg0)
  else
    echo usage: last-write EXPR, written without spaces\n
  end
end
document last-write
Tell who changed a value last, without going there: last-write EXPR, written without spaces. Then: seek @1.
end

define last-read
  if $argc == 1
    eval "monitor last-read %lu %lu", (unsigned long)&($arg0), (unsigned long)sizeof($arg0)
  else
    echo usage: last-read EXPR, written without spaces\n
  end
end
document last-read
Tell who read a value last, without going there: last-read EXPR, written without spaces. Then: seek @1.
end

define last-exec
  if $argc != 1
    echo usage: last-exec FUNCTION, last-exec FILE:LINE, last-exec *ADDRESS\n
  else
    info line $arg0
    eval "monitor last-exec %lu", (unsigned long)$_
  end
end
document last-exec
Tell when an instruction was executed last, without going there: last-exec FUNCTION, FILE:LINE or *ADDRESS.
end
