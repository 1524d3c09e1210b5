# What all plots share: run from load-tests/.
set terminal svg size 760,340 font "sans-serif,11" background "white"
set datafile separator ","
set key outside top center horizontal
set grid
set yrange [0:*]
set style data linespoints
set xtics rotate by -45
