#!/bin/sh
# Runs a server that must not outlive the process that wants it.
# usage: guard.sh GRACE_SECONDS COMMAND [ARG...]
#
# Standard input is a pipe from that process: when it closes, however its holder ended, the server is asked to stop, and
# killed once the grace is over. File descriptor 3 receives the server's process id.
grace=$1
shift

# Where the system can do it, the server also dies with this guard
if setpriv --pdeathsig KILL true 2>/dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi

exec 4<&0
"$@" </dev/null 3>&- 4<&- &
server=$!
echo "$server" >&3
exec 3>&-

(
  # A builtin, not cat: killing this subshell leaves no process behind
  while read -r _; do :; done <&4
  kill -TERM "$server" 2>/dev/null
  tenths=$((grace * 10))
  while [ "$tenths" -gt 0 ] && kill -0 "$server" 2>/dev/null; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
  kill -KILL "$server" 2>/dev/null
) >/dev/null 2>&1 &
watcher=$!
exec 4<&-

wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
