#!/usr/bin/env bash
# Installs what the tests need beyond Node.js, on Debian and as root, and starts a Docker Engine when none answers;
# elsewhere it says what is missing. The players (ffmpeg, mpv, VLC, Chromium, curl) play the product's streams;
# nginx, Caddy and HAProxy are put in front of the product; iptables and ip are for the tests that cut connections;
# redis-server holds copies of jobs; Docker runs engines.
set -u

# command:packages
NEEDS=(
  "ffmpeg:ffmpeg"
  "ffprobe:ffmpeg"
  "mpv:mpv"
  "cvlc:vlc-bin vlc-plugin-base"
  "chromium:chromium"
  "curl:curl"
  "nginx:nginx-light"
  "caddy:caddy"
  "haproxy:haproxy"
  "iptables:iptables"
  "ip:iproute2"
  "sysctl:procps"
  "runuser:util-linux"
  "dockerd:docker.io"
  "docker-compose:docker-compose"
  "redis-server:redis-server"
)
# Tests run these by themselves, on free ports; their packages would start a server on a well-known port, now and at every
# boot.
NOT_STARTED=(nginx caddy haproxy redis-server)
POLICY=/usr/sbin/policy-rc.d
DOCKER_WAIT_S=60
TRIES=3

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

  # A bare machine often has no or old package lists; updating them first would cost every run time. A mirror that
  # answered an error, or was in the middle of an update of its own, is asked again.
  local try
  forbid_starts
  for ((try = 1; try <= TRIES; try += 1)); do
    if log=$(apt_install "${packages[@]}"); then
      forbid_boot_starts "${missing_commands[@]}"
      echo "services: installed ${packages[*]}"
      return
    fi
    [ "$try" -eq "$TRIES" ] && break
    # Where an earlier run was ended amid an installation, nothing is installed before this.
    timeout 300 dpkg --configure -a </dev/null >/dev/null 2>&1
    timeout 300 apt-get update -qq "${APT_PATIENCE[@]}" </dev/null >/dev/null 2>&1
    [ "$try" -gt 1 ] && sleep 5
  done
  echo "services: could not install ${packages[*]}; the tests of what is missing are skipped."
  echo "$log" | tail -n 5
}

APT_PATIENCE=(-o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Acquire::http::Timeout=60)

# Where there is a policy of the machine's own, that decides.
forbid_starts() {
  [ -e "$POLICY" ] && return
  trap 'rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\ncase "$1" in %s) exit 101 ;; esac\n' "$(
    IFS='|'
    echo "${NOT_STARTED[*]/%/*}"
  )" >"$POLICY"
  chmod 755 "$POLICY"
}

# Only what was installed here; a server of the machine's own is nobody's business.
forbid_boot_starts() {
  local name
  command -v systemctl >/dev/null 2>&1 || return
  for name in "${NOT_STARTED[@]}"; do
    [[ " $* " == *" $name "* ]] && systemctl --quiet disable "$name" >/dev/null 2>&1
  done
}

apt_install() {
  timeout 900 apt-get install -y -qq --no-install-recommends "${APT_PATIENCE[@]}" "$@" </dev/null 2>&1
}

docker_answers() {
  timeout 15 docker version >/dev/null 2>&1
}

# Whether a pid file names a process of that name. After a crash, or in a container that was started again, its number
# is nobody's or another program's, which dockerd takes for itself and does not start.
is_running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

forget_the_dead() {
  is_running /var/run/docker.pid dockerd || rm -f /var/run/docker.pid
  local pid_file=/var/run/docker/containerd/containerd.pid
  is_running "$pid_file" containerd || rm -f "$pid_file"
}

# True when Docker answers within the time, false at once when there is nobody to wait for.
docker_comes() {
  local end=$((SECONDS + DOCKER_WAIT_S))
  while [ "$SECONDS" -lt "$end" ]; do
    docker_answers && return
    "$@" || return
    sleep 0.25
  done
  return 1
}

# Where there is no service manager, a package's service is nobody's to start.
start_docker() {
  local log daemon try
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
  # One that is starting, or slow, is waited for: a second one would only say that there is a first.
  if is_running /var/run/docker.pid dockerd && docker_comes is_running /var/run/docker.pid dockerd; then
    return
  fi
  log=$(mktemp -t dockerd.XXXXXX)
  for ((try = 1; try <= TRIES; try += 1)); do
    forget_the_dead
    # A session of its own, and no stream of ours: it outlives this script, and nobody waits for its output's end.
    setsid dockerd </dev/null >>"$log" 2>&1 &
    daemon=$!
    if docker_comes kill -0 "$daemon" 2>/dev/null; then
      echo "services: started dockerd, log in $log"
      return
    fi
    # Only one that ended is started again.
    kill -0 "$daemon" 2>/dev/null && break
  done
  echo "services: dockerd did not answer; the tests of Docker are skipped. Its log ($log) ends with:"
  tail -n 5 "$log"
}

install_missing
start_docker
