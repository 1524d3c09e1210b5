load "plots/common.gp"
set output "results/grow-rate.svg"
set multiplot layout 1,2
set xlabel "calls/s"
set ylabel "CPU us/call"
plot "results/grow-rate.csv" using "calls/s":"Kamailio CPU us" title "Kamailio", \
     "" using "calls/s":"CPU us" title "Throughline"
set ylabel "ms"
set logscale y
set yrange [0.1:*]
plot "results/grow-rate.csv" using "calls/s":"Kamailio 180 p99 ms" title "Kamailio, 180 p99", \
     "" using "calls/s":"180 p99 ms" title "180 p99", \
     "" using "calls/s":"pop p50 ms" title "pop p50", \
     "" using "calls/s":"pop p99 ms" title "pop p99"
