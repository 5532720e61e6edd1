#!/usr/bin/env bash
# Installs what cuntu needs. Used by ./run on a person's machine and by the Dockerfile: one list, one way.
#
#   deploy/install.sh packages GROUP...    Debian packages that are missing; as root, or with sudo.
#                                          groups: python database client fonts browser papers
#   deploy/install.sh environment LOCK     .venv with exactly the packages of LOCK, and cuntu itself
#
# Both can be repeated, and go on where an interrupted run ended.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '[cuntu] %s\n' "$*"; }
fail() { printf '[cuntu] %s\n' "$*" >&2; exit 1; }

# A terminal sees everything a program says; a log sees it only where the program fails.
shown() {
  local log
  if [ -t 1 ]; then "$@"; return; fi
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; rm -f "$log"; return 1; }
  rm -f "$log"
}

# ---------------------------------------------------------------- which Python

# The system's own where it is new enough: Debian keeps it safe, and builds it with the profile of a run and in one piece. Another python3
# that stands first in the path is often built without: what is written in Python alone then takes up to a third longer.
suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
PYTHON=python3
! suits /usr/bin/python3 || PYTHON=/usr/bin/python3

# What tells one interpreter from another, also of an environment that was made with it.
which_python() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null; }

# ---------------------------------------------------------------- Debian packages

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# A PostgreSQL of at least version 15 with PostGIS counts, wherever it was packaged.
has_database() {
  local folder version
  for folder in /usr/lib/postgresql/*/bin; do
    version=$(basename "$(dirname "$folder")")
    [ -x "$folder/postgres" ] && [ "$version" -ge 15 ] && [ -e "/usr/share/postgresql/$version/extension/postgis.control" ] && return 0
  done
  return 1
}

missing_packages() {
  local group
  for group in "$@"; do
    case $group in
      python) "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv ;;
      database) has_database || echo database ;;
      client) command -v pg_dump >/dev/null || echo postgresql-client ;;
      fonts) installed fonts-noto-cjk || echo fonts-noto-cjk ;;
      # libatomic1: the node that drives the browser in the tests is linked against it.
      browser) installed chromium || echo chromium; installed libatomic1 || echo libatomic1 ;;
      # papers: the tools with which the tests read the PDFs.
      papers) installed poppler-utils || echo poppler-utils ;;
      *) fail "unknown group of packages: $group" ;;
    esac
  done
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt() {
  shown as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get --yes \
    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

install_packages() {
  local wanted
  wanted=$(missing_packages "$@" | xargs)
  [ -n "$wanted" ] || return 0
  say "安装系统软件包 installing Debian packages: $wanted"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "需要 root 权限：请以 root 运行，或先安装 sudo。 Run this as root, or install sudo."
  command -v apt-get >/dev/null || fail "本机没有 apt-get，请用系统自己的方式安装后再运行。 No apt-get here: install them your system's way."
  shown as_root dpkg --configure -a # where an earlier run was cut off
  apt update || say "部分软件源无法更新，继续。 Some package lists could not be updated; going on."
  if [[ " $wanted " == *" database "* ]]; then
    wanted=${wanted/database/$(database_packages)}
    forbid_debian_cluster
  fi
  # shellcheck disable=SC2086  # the list is meant to be split
  apt install --no-install-recommends $wanted || fail "系统软件包安装失败，见上；可重新运行。 Installing packages failed, see above; run again to go on."
  say "系统软件包已就绪 packages ready"
}

database_packages() {
  local server
  server=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | grep -oE '^postgresql-[0-9]+' | sort -V | tail -n 1)
  [ -n "$server" ] || fail "软件源中没有带 PostGIS 的 PostgreSQL。 No PostgreSQL with PostGIS in the package lists."
  echo "$server $server-postgis-3"
}

# cuntu runs a cluster of its own: on a machine that had no PostgreSQL, Debian need not make and start one.
forbid_debian_cluster() {
  local folder=/etc/postgresql-common/createcluster.d
  installed postgresql-common || { as_root mkdir -p $folder && echo 'create_main_cluster = false' | as_root tee $folder/cuntu.conf >/dev/null; }
}

# ---------------------------------------------------------------- Python environment

stamp_of() { echo ".venv/installed-$({ which_python "$PYTHON"; pwd; cat "$1" requirements-build.lock pyproject.toml; } | sha256sum | cut -c1-16)"; }

pip_install() {
  shown .venv/bin/python -m pip --disable-pip-version-check install --no-warn-script-location "$@"
}

install_environment() {
  local lock=$1 stamp existing
  stamp=$(stamp_of "$lock")
  for existing in "$stamp" "$(stamp_of requirements-dev.lock)"; do # the development lock holds the other one
    [ -e "$existing" ] && .venv/bin/python -c 'import layers' 2>/dev/null && return 0
  done
  say "建立 Python 环境（一两分钟） making the Python environment from $lock: a minute or two"
  rm -f .venv/installed-*
  if [ "$(which_python .venv/bin/python)" != "$(which_python "$PYTHON")" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv && "$PYTHON" -m venv .venv
  fi
  if ! { pip_install --require-hashes --only-binary :all: -r requirements-build.lock &&
    pip_install --no-deps --no-build-isolation --editable . &&
    pip_install --require-hashes --only-binary :all: -r "$lock"; }; then
    fail "Python 环境安装失败，见上；可重新运行。 Installing Python packages failed, see above; run again to go on."
  fi
  touch "$stamp"
  say "Python 环境已就绪 Python environment ready"
}

exec 9<deploy && flock 9 # two set-ups at once take turns
case ${1:-} in
  packages) shift; install_packages "$@" ;;
  environment) install_environment "$2" ;;
  *) sed -n '2,8p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
