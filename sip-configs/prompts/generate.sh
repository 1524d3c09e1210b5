#!/usr/bin/env bash
# generate.sh LANGUAGE FOLDER [VOICE]: speaks every part of LANGUAGE (en, es) into FOLDER/LANGUAGE/NAME.wav, 8 kHz, mono, 16 bit.
#
# It is run once, by whoever sets the server up; nothing is synthesised while calls come in. The parts are the lines of LANGUAGE.tsv
# beside this file: a name and the words. Whoever would rather have a person's voice records the same names.
#
# Needs Debian's espeak-ng and sox (apt install espeak-ng sox). Both are GPL programs; what they speak is yours.
set -euo pipefail

usage() {
    sed -n '2,7s/^# \?//p' "$0" >&2
    exit 2
}

[ $# -ge 2 ] || usage
language=$1
folder=$2/$language
parts=$(dirname "$0")/$language.tsv
[ -r "$parts" ] || { echo "$parts is not there: the languages are en and es" >&2; exit 2; }
case $language in
en) voice=${3:-en-us} ;;
*) voice=${3:-es-419} ;;
esac
for program in espeak-ng sox; do
    command -v $program >/dev/null || { echo "$program is missing: apt install $program" >&2; exit 1; }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder"
while IFS=$'\t' read -r name words; do
    espeak-ng -v "$voice" -s 155 -w "$scratch/spoken.wav" -- "$words" </dev/null
    # Without the silence before and behind, so that numbers sound as one.
    sox -q "$scratch/spoken.wav" -r 8000 -c 1 -b 16 "$folder/$name.wav" \
        silence 1 0.01 0.3% reverse silence 1 0.01 0.3% reverse pad 0.02 0.06
done <"$parts"
echo "$(find "$folder" -name '*.wav' | wc -l) parts in $folder"
