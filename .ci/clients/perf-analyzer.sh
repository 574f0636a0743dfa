# Sourced by ../clients.sh behind install.sh: puts Triton's perf_analyzer on PATH. Its wheel wants glibc 2.38. It is unpacked here
# beside the libraries of Debian 13 and runs on those, so that any older system does (14 MB from PyPI and Debian).

analyzer="$environment/perf-analyzer"
wanted="perf-analyzer==2.60.0"

if [ "$(cat "$analyzer/complete" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$analyzer"
  mkdir -p "$analyzer"/{wheel,apt/lists/partial,apt/cache/archives/partial,debian}
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --platform "manylinux_2_38_$(uname -m)" --dest "$analyzer/wheel" "$wanted"
  "$python" -m zipfile -e "$analyzer"/wheel/*.whl "$analyzer/wheel"
  # An apt of its own: it knows Debian 13 and changes nothing of the system's.
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$keys] http://deb.debian.org/debian trixie main" >"$analyzer/apt/sources.list"
  touch "$analyzer/apt/status"
  own=(-o "Dir::Etc::sourcelist=$analyzer/apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$analyzer/apt"
    -o "Dir::State::status=$analyzer/apt/status" -o "Dir::Cache=$analyzer/apt/cache" -o APT::Sandbox::User=root)
  apt-get -qq "${own[@]}" update
  (cd "$analyzer/debian" && apt-get -qq "${own[@]}" download libc6 libstdc++6 libgcc-s1 libssl3t64 zlib1g libzstd1 >/dev/null)
  for package in "$analyzer"/debian/*.deb; do dpkg-deb -x "$package" "$analyzer/debian"; done
  rm -rf "$analyzer/apt" "$analyzer"/debian/*.deb "$analyzer"/wheel/*.whl
  chmod +x "$analyzer/wheel/perf_analyzer/bin/perf_analyzer"
  libraries="$analyzer/debian/usr/lib/$(uname -m)-linux-gnu"
  printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$libraries"/ld-linux-*.so.* "$libraries" \
    "$analyzer/wheel/perf_analyzer/bin/perf_analyzer" >"$environment/bin/perf_analyzer"
  chmod +x "$environment/bin/perf_analyzer"
  echo "$wanted" >"$analyzer/complete"
fi
