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
