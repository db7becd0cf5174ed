#!/usr/bin/env bash
# Makes an image of the engine simulator without a registry and without a build: the Node.js of this machine with its
# libraries, and the built simulator. Linux only. Prints the image's id, and nothing else on stdout.
#   simulator/build-image.sh TAG [flag of the simulator…]
# The flags become part of the entry point, after --bind-all --any-content; commands and CONF of a container come on top.
# An image of that tag made of the same parts is left as it is. DOCKER_HOST says which Docker Engine gets it.
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: simulator/build-image.sh TAG [flag of the simulator…]" >&2
  exit 2
fi
tag=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ ! -f "$here/dist/main.js" ]; then
  echo "the simulator is not built: npm run build" >&2
  exit 1
fi

# A version switcher's wrapper is no use in an image: the program itself is asked where it is.
node=$(node -p process.execPath)
words=(/usr/bin/node /simulator/dist/main.js --bind-all --any-content "$@")
entrypoint=$(node -p 'JSON.stringify(process.argv.slice(1))' -- "${words[@]}")

label=acefleet.simulator.parts
parts=$(
  {
    cat "${BASH_SOURCE[0]}"
    echo "$entrypoint"
    node --version
    stat -L -c '%s' "$node"
    cd "$here"
    find dist media package.json -type f -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c 1-64
)
present=$(docker image inspect --format "{{.Id}} {{index .Config.Labels \"$label\"}}" "$tag" 2>/dev/null || true)
if [ "${present#* }" = "$parts" ]; then
  echo "${present% *}"
  exit 0
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{etc,tmp,usr/bin,simulator}
chmod 755 "$tree"
chmod 1777 "$tree/tmp"
echo 'simulator:x:10002:10002::/simulator:/usr/sbin/nologin' >"$tree/etc/passwd"
echo 'simulator:x:10002:' >"$tree/etc/group"
cp -L "$node" "$tree/usr/bin/node"
cp -r "$here"/{dist,media,package.json} "$tree/simulator/"
# Lines are `name => /path (address)` and, for the loader, `/path (address)`. A static program has none.
{ ldd "$node" 2>/dev/null | grep -o '/[^ ]*' || true; } | while read -r library; do
  mkdir -p "$tree$(dirname "$library")"
  cp -L "$library" "$tree$library"
done

tar --create --owner=0 --group=0 --numeric-owner --directory="$tree" . |
  docker import \
    --change "ENTRYPOINT $entrypoint" \
    --change 'USER 10002:10002' \
    --change 'WORKDIR /simulator' \
    --change 'EXPOSE 6878' \
    --change "LABEL $label=$parts" \
    - "$tag"

# What had the tag before, unless a container still uses it.
if [ -n "$present" ]; then docker image rm "${present% *}" >/dev/null 2>&1 || true; fi
