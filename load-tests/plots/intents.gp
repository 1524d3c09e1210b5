load "plots/common.gp"
set output "results/grow-intents.svg"
set multiplot layout 1,2
set xlabel "live intents"
set logscale x
set ylabel "us/call, MiB"
plot "results/grow-intents.csv" using "intents":"Redis MiB" title "Redis MiB", \
     "" using "intents":"CPU us" axes x1y1 title "CPU us/call"
set ylabel "ms"
plot "results/grow-intents.csv" using "intents":"match p50 ms" title "match p50 ms", \
     "" using "intents":"match p99 ms" title "match p99 ms", \
     "" using "intents":"pop p99 ms" title "pop p99 ms", \
     "" using "intents":"180 p99 ms" title "180 p99 ms"
