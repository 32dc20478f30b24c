#!/usr/bin/env bash
# Installs the system packages the tests need, and only when one is missing: PostgreSQL with PostGIS and pg_virtualenv, a Chromium,
# a Chinese font, GDAL's command line programs. Debian and Ubuntu; on another system it says what to install.
set -euo pipefail

missing=()
have() { command -v "$1" >/dev/null 2>&1; }
have pg_virtualenv && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql-common postgresql)
# The library, not its control file: that belongs to another package, which can be there alone.
compgen -G '/usr/lib/postgresql/*/lib/postgis-3.so' >/dev/null || missing+=(postgresql-postgis)
have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
have ogrinfo || missing+=(gdal-bin)
if ! have fc-list || [ -z "$(fc-list :lang=zh-cn family)" ]; then
    missing+=(fontconfig fonts-wqy-microhei)
fi
if [ ${#missing[@]} -eq 0 ]; then
    echo "all system packages are here"
    exit 0
fi

echo "missing: ${missing[*]}"
if ! have apt-get; then
    echo "This is not Debian or Ubuntu: please install the equivalents of these packages, then run again." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif have sudo; then
    as_root=(sudo)
else
    echo "Installing needs root: run 'apt-get install ${missing[*]}' as root, then run again." >&2
    exit 1
fi
"${as_root[@]}" apt-get update -qq
# Ubuntu calls it chromium-browser.
if [[ " ${missing[*]} " == *" chromium "* ]] && ! apt-cache show chromium >/dev/null 2>&1; then
    missing=("${missing[@]/%chromium/chromium-browser}")
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
