#!/usr/bin/env bash
# On Debian and as root, installs the programs that the tests need besides Node.js, and starts a Docker Engine if none
# answers. Elsewhere it prints what is missing. The players (ffmpeg, mpv, VLC, Chromium, curl) play the product's
# streams; nginx, Caddy and HAProxy are its reverse proxies; iptables and ip cut connections; redis-server stores copies
# of jobs; Prometheus scrapes its metrics; Docker runs engines.
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
  "hdhomerun_config:hdhomerun-config"
  "prometheus:prometheus"
)
# Tests start these servers themselves, on free ports. Their packages would start them on well-known ports, now and at
# every boot.
NOT_STARTED=(nginx caddy haproxy redis-server prometheus)
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
    echo "services: nothing is missing"
    return
  fi

  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "services: missing ${missing_commands[*]}; their tests are skipped."
    echo "services: on Debian, install as root: apt-get install ${packages[*]}"
    return
  fi

  # The package lists of a new machine are often missing or old. They are updated only after a failed attempt, because
  # that takes time. A mirror that failed, or is being updated itself, is tried again.
  local try
  forbid_starts
  for ((try = 1; try <= TRIES; try += 1)); do
    if log=$(apt_install "${packages[@]}"); then
      forbid_boot_starts "${missing_commands[@]}"
      echo "services: installed ${packages[*]}"
      return
    fi
    [ "$try" -eq "$TRIES" ] && break
    # After an interrupted installation, this is necessary before any other.
    timeout 300 dpkg --configure -a </dev/null >/dev/null 2>&1
    timeout 300 apt-get update -qq "${APT_PATIENCE[@]}" </dev/null >/dev/null 2>&1
    [ "$try" -gt 1 ] && sleep 5
  done
  echo "services: could not install ${packages[*]}; the tests that need them are skipped."
  echo "$log" | tail -n 5
}

APT_PATIENCE=(-o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Acquire::http::Timeout=60)

# An existing policy of the machine is kept.
forbid_starts() {
  [ -e "$POLICY" ] && return
  trap 'rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\ncase "$1" in %s) exit 101 ;; esac\n' "$(
    IFS='|'
    echo "${NOT_STARTED[*]/%/*}"
  )" >"$POLICY"
  chmod 755 "$POLICY"
}

# Affects only servers that this script installed, not those that the machine had before.
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

# True if the process in a pid file has that name. After a crash, or in a restarted container, the pid is unused or
# belongs to another program, which dockerd would mistake for a running dockerd.
is_running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

remove_stale_pid_files() {
  is_running /var/run/docker.pid dockerd || rm -f /var/run/docker.pid
  local pid_file=/var/run/docker/containerd/containerd.pid
  is_running "$pid_file" containerd || rm -f "$pid_file"
}

# True if Docker answers in time; false as soon as the given check fails, because no dockerd is starting.
docker_answers_soon() {
  local end=$((SECONDS + DOCKER_WAIT_S))
  while [ "$SECONDS" -lt "$end" ]; do
    docker_answers && return
    "$@" || return
    sleep 0.25
  done
  return 1
}

# Starts dockerd itself, because without a service manager no package does.
start_docker() {
  local log daemon try
  command -v docker >/dev/null 2>&1 || return
  docker_answers && return
  if [ -n "${DOCKER_HOST:-}" ]; then
    echo "services: no Docker Engine answers at $DOCKER_HOST (DOCKER_HOST); its tests are skipped."
    return
  fi
  if [ "$(id -u)" -ne 0 ] || ! command -v dockerd >/dev/null 2>&1; then
    echo "services: no Docker Engine answers, and starting dockerd needs root; its tests are skipped."
    return
  fi
  # Wait for a dockerd that is starting or slow, because a second one would only fail.
  if is_running /var/run/docker.pid dockerd && docker_answers_soon is_running /var/run/docker.pid dockerd; then
    return
  fi
  log=$(mktemp -t dockerd.XXXXXX)
  for ((try = 1; try <= TRIES; try += 1)); do
    remove_stale_pid_files
    # In its own session and without our streams, so that it outlives this script and no caller waits for its output.
    setsid dockerd </dev/null >>"$log" 2>&1 &
    daemon=$!
    if docker_answers_soon kill -0 "$daemon" 2>/dev/null; then
      echo "services: started dockerd, log in $log"
      return
    fi
    # Start it again only if it has ended.
    kill -0 "$daemon" 2>/dev/null && break
  done
  echo "services: dockerd did not answer; the Docker tests are skipped. Its log ($log) ends with:"
  tail -n 5 "$log"
}

install_missing
start_docker
