load "plots/common.gp"
set output "results/grow-agents.svg"
set multiplot layout 1,2
set xlabel "agents"
set logscale x
set ylabel "us/call, MiB"
plot "results/grow-agents.csv" using "agents":"server MiB" title "server MiB", \
     "" using "agents":"CPU us" axes x1y1 title "CPU us/call"
set ylabel "ms"
plot "results/grow-agents.csv" using "agents":"grant p50 ms" title "grant p50 ms", \
     "" using "agents":"grant p99 ms" title "grant p99 ms", \
     "" using "agents":"pop p99 ms" title "pop p99 ms", \
     "" using "agents":"180 p99 ms" title "180 p99 ms"
