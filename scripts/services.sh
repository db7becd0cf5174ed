#!/usr/bin/env bash
# Installs what the tests need beyond Node.js, on Debian and as root; elsewhere it says what is missing.
# The players (ffmpeg, mpv, VLC, Chromium, curl) play the product's streams; iptables and ip are for
# the tests that cut connections.
set -u

# command:packages
NEEDS=(
  "ffmpeg:ffmpeg"
  "ffprobe:ffmpeg"
  "mpv:mpv"
  "cvlc:vlc-bin vlc-plugin-base"
  "chromium:chromium"
  "curl:curl"
  "iptables:iptables"
  "ip:iproute2"
  "sysctl:procps"
  "runuser:util-linux"
)

export PATH="$PATH:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive

missing_commands=()
packages=()
for need in "${NEEDS[@]}"; do
  command -v "${need%%:*}" >/dev/null 2>&1 && continue
  missing_commands+=("${need%%:*}")
  read -r -a names <<<"${need#*:}"
  packages+=("${names[@]}")
done

if [ "${#packages[@]}" -eq 0 ]; then
  echo "services: everything is there"
  exit 0
fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "services: missing ${missing_commands[*]}; their tests are skipped."
  echo "services: on Debian, install as root: apt-get install ${packages[*]}"
  exit 0
fi

install_packages() {
  timeout 900 apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "${packages[@]}" </dev/null 2>&1
}

# A bare machine often has no or old package lists; updating them first would cost every run time.
if ! log=$(install_packages); then
  timeout 300 apt-get update -qq </dev/null >/dev/null 2>&1
  if ! log=$(install_packages); then
    echo "services: could not install ${packages[*]}; the tests of what is missing are skipped."
    echo "$log" | tail -n 5
    exit 0
  fi
fi
echo "services: installed ${packages[*]}"
