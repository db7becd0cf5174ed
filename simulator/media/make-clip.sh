#!/bin/sh
# Makes clip.mpegts: 8 s of a moving test card with a running clock and a tone, H.264 + AAC in MPEG-TS.
#
# 8 s is the length at which everything comes out even: 200 frames at 25 per second, 8 groups of 25 frames,
# and 375 AAC frames of 1024 samples at 48 kHz. Audio is encoded three times over and the middle third is
# taken, so that the first frame overlaps with what the last one left (no click and no priming at the seam);
# the tone's frequencies fit a whole number of times into 8 s.
#
# Needs ffmpeg with libx264 and libfreetype, and DejaVu Sans Mono. The result is in the repository.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf}

ffmpeg -v error -y -f lavfi -i "testsrc2=size=640x360:rate=25" -frames:v 200 \
  -vf "drawbox=x=176:y=140:w=288:h=80:color=black@0.75:t=fill,drawtext=fontfile=$font:text='%{pts\:hms}':fontsize=36:fontcolor=white:x=168:y=162,format=yuv420p" \
  -threads 1 -c:v libx264 -preset slow -profile:v main -level 3.0 -crf 29 -maxrate 360k -bufsize 360k \
  -g 25 -keyint_min 25 -sc_threshold 0 -bf 2 -b_strategy 0 -flags +cgop+bitexact -x264-params aud=1:open-gop=0:b-pyramid=none \
  -bsf:v filter_units=remove_types=6 "$work/video.mp4"

ffmpeg -v error -y -f lavfi \
  -i "aevalsrc='0.18*sin(2*PI*440*t)*(0.6+0.4*sin(2*PI*t/2))+0.05*sin(2*PI*1000*t)*lt(mod(t\,1)\,0.08)':s=48000:c=stereo:d=24" \
  -c:a aac -b:a 64k -flags +bitexact -f adts "$work/long.aac"
ffmpeg -v error -y -i "$work/long.aac" -ss 8 -c copy -frames:a 375 -f adts "$work/audio.aac"

ffmpeg -v error -y -i "$work/video.mp4" -i "$work/audio.aac" -map 0:v -map 1:a -c copy \
  -fflags +bitexact -flags +bitexact -mpegts_start_pid 0x100 -pes_payload_size 700 -pcr_period 20 -muxdelay 0 -muxpreload 0 \
  -f mpegts "$work/clip.mpegts"
mv "$work/clip.mpegts" "$here/clip.mpegts"
ls -l "$here/clip.mpegts"
