#!/bin/sh
# Runs of days at or above the flood level. Reads CSV with a header (gauge,day,level_cm,flood_cm) in any order, and writes one
# JSON object a line. Nothing but a POSIX shell with sort and awk is needed.
set -eu

tail -n +2 | LC_ALL=C sort -t, -k1,1 -k2,2 | awk -F, '
  function finish() {
    if (days > 0)
      printf "{\"gauge\": \"%s\", \"first_day\": \"%s\", \"last_day\": \"%s\", \"days\": %d, \"peak_cm\": %s}\n",
        gauge, first, last, days, peak
    days = 0
  }
  $1 != gauge { finish(); gauge = $1 }
  $3 + 0 >= $4 + 0 {
    if (days == 0) { first = $2; peak = $3 }
    if ($3 + 0 > peak + 0) peak = $3
    last = $2
    days++
    next
  }
  { finish() }
  END { finish() }
'
