load "plots/common.gp"
set output "results/grow-held.svg"
set multiplot layout 1,2
set xlabel "held calls"

set ylabel "us/call, MiB"
plot "results/grow-held.csv" using "held":"server MiB" title "server MiB", \
     "" using "held":"CPU us" axes x1y1 title "CPU us/call"
set ylabel "ms"
plot "results/grow-held.csv" using "held":"pop p50 ms" title "pop p50 ms", \
     "" using "held":"180 p50 ms" title "180 p50 ms", \
     "" using "held":"pop p99 ms" title "pop p99 ms", \
     "" using "held":"180 p99 ms" title "180 p99 ms"
