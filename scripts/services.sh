#!/usr/bin/env bash
# Installs what the tests need beyond Node.js, on Debian and as root, and starts a Docker Engine when none answers;
# elsewhere it says what is missing. The players (ffmpeg, mpv, VLC, Chromium, curl) play the product's streams;
# iptables and ip are for the tests that cut connections; Docker runs engines.
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
  "dockerd:docker.io"
  "docker-compose:docker-compose"
  "redis-server:redis-server"
)
DOCKER_WAIT_S=20

export PATH="$PATH:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive

install_missing() {
  local need names missing_commands=() packages=() log
  for need in "${NEEDS[@]}"; do
    command -v "${need%%:*}" >/dev/null 2>&1 && continue
    missing_commands+=("${need%%:*}")
    read -r -a names <<<"${need#*:}"
    packages+=("${names[@]}")
  done

  if [ "${#packages[@]}" -eq 0 ]; then
    echo "services: everything is there"
    return
  fi

  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "services: missing ${missing_commands[*]}; their tests are skipped."
    echo "services: on Debian, install as root: apt-get install ${packages[*]}"
    return
  fi

  # A bare machine often has no or old package lists; updating them first would cost every run time.
  if ! log=$(apt_install "${packages[@]}"); then
    timeout 300 apt-get update -qq </dev/null >/dev/null 2>&1
    if ! log=$(apt_install "${packages[@]}"); then
      echo "services: could not install ${packages[*]}; the tests of what is missing are skipped."
      echo "$log" | tail -n 5
      return
    fi
  fi
  echo "services: installed ${packages[*]}"
}

apt_install() {
  timeout 900 apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "$@" </dev/null 2>&1
}

docker_answers() {
  timeout 5 docker version >/dev/null 2>&1
}

# Where there is no service manager, a package's service is nobody's to start.
start_docker() {
  local log daemon waited
  command -v docker >/dev/null 2>&1 || return
  docker_answers && return
  if [ -n "${DOCKER_HOST:-}" ]; then
    echo "services: no Docker Engine answers at $DOCKER_HOST (DOCKER_HOST); its tests are skipped."
    return
  fi
  if [ "$(id -u)" -ne 0 ] || ! command -v dockerd >/dev/null 2>&1; then
    echo "services: no Docker Engine answers, and starting dockerd takes root; its tests are skipped."
    return
  fi
  log=$(mktemp -t dockerd.XXXXXX)
  # A session of its own, and no stream of ours: it outlives this script, and nobody waits for its output's end.
  setsid dockerd </dev/null >"$log" 2>&1 &
  daemon=$!
  for ((waited = 0; waited < DOCKER_WAIT_S * 4; waited += 1)); do
    if docker_answers; then
      echo "services: started dockerd, log in $log"
      return
    fi
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.25
  done
  echo "services: dockerd did not answer; the tests of Docker are skipped. Its log ($log) ends with:"
  tail -n 5 "$log"
}

install_missing
start_docker
