load "plots/common.gp"
set output "results/grow-waiting.svg"
set multiplot layout 1,2
set xlabel "waiting calls"

set ylabel "us/call, MiB"
plot "results/grow-waiting.csv" using "waiting":"server MiB" title "server MiB", \
     "" using "waiting":"CPU us" axes x1y1 title "CPU us/call"
set ylabel "ms"
plot "results/grow-waiting.csv" using "waiting":"pop p50 ms" title "pop p50 ms", \
     "" using "waiting":"180 p50 ms" title "180 p50 ms", \
     "" using "waiting":"pop p99 ms" title "pop p99 ms", \
     "" using "waiting":"180 p99 ms" title "180 p99 ms"
