#!/usr/bin/env bash
# docker-compose.yml in a Docker engine, whole: builds the images, waits until all services are healthy, takes the tour of
# the file's head, and removes everything again. When the base image cannot be pulled, it is made from Debian's packages
# (mmdebstrap or debootstrap). Without an engine it says so and ends with 0: `./dev test` rehearses the same without one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! docker info >/dev/null 2>&1; then
  echo "compose.sh: skipped: no Docker engine answers here"
  exit 0
fi
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  echo "compose.sh: skipped: there is an engine, and no docker compose"
  exit 0
fi
compose+=(--project-name "zonecast-test-$$")

say() { printf '\n== %s\n' "$*" >&2; }

base_image() {
  local official=debian:12-slim own=zonecast-base:12
  if docker image inspect $official >/dev/null 2>&1 || docker pull --quiet $official >/dev/null 2>&1; then
    echo $official
    return
  fi
  if ! docker image inspect $own >/dev/null 2>&1; then
    say "making $own from Debian's packages"
    if command -v mmdebstrap >/dev/null; then
      mmdebstrap --quiet --variant=minbase bookworm - | docker import - $own >/dev/null
    else
      local root
      root=$(mktemp -d)
      debootstrap --variant=minbase bookworm "$root" >&2
      tar -C "$root" -c . | docker import - $own >/dev/null
      rm -rf "$root"
    fi
  fi
  echo $own
}

within() {  # SECONDS COMMAND...: until it succeeds; then what it prints
  local deadline=$((SECONDS + $1)) printed
  shift
  until printed=$("$@" 2>&1); do
    if ((SECONDS >= deadline)); then
      printf '%s\n' "$printed" >&2
      return 1
    fi
    sleep 1
  done
  printf '%s\n' "$printed"
}

all_healthy() {
  local id state
  for id in $("${compose[@]}" ps -q); do
    state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}' "$id")
    [ "$state" = "running healthy" ] || return 1
  done
}

end() {
  local status=$?
  [ $status = 0 ] || "${compose[@]}" logs --tail 30 >&2 || true
  "${compose[@]}" down --volumes --remove-orphans >/dev/null 2>&1 || true
  exit $status
}

base=$(base_image)
trap end EXIT
say "building on $base"
"${compose[@]}" build --build-arg BASE="$base"
say "starting"
"${compose[@]}" up -d
within 180 all_healthy

say "the tour"
mapfile -t tour < <(sed -n 's/^#   docker compose exec //p' docker-compose.yml)
for command in "${tour[@]}"; do
  eval "words=($command)"
  printf '$ %s\n' "$command"
  within 30 "${compose[@]}" exec -T "${words[@]}"
done
within 10 curl --silent --fail --output /dev/null http://localhost:9464/readyz
within 60 bash -c 'curl --silent "http://localhost:9090/api/v1/query?query=up" | grep -q "\"1\""'
say "all of it works"
