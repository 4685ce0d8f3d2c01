#!/bin/sh
# Builds a real InfluxDB 2 server for the series contract, once, into the directory named by $1.
# Needs Go and cargo: the query language inside is compiled by cargo, with lints that today's
# compiler has more of than its authors knew, so a wrapper lets them warn instead of fail.
# Prints the path of the program on its last line.
set -eu
cache=$1
version=v2.7.12
program=$cache/influxd-$version
if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi
command -v go >/dev/null || { echo "building influxd needs Go, which is not here" >&2; exit 69; }
mkdir -p "$cache/work" "$cache/bin"
cd "$cache/work"
cat > go.mod <<'MOD'
module influxd-fixture

go 1.22
MOD
cat > "$cache/bin/rustc-lenient" <<'WRAP'
#!/bin/sh
case " $* " in
*" --cap-lints "*) exec "$@" ;;
*) exec "$@" --cap-lints warn ;;
esac
WRAP
chmod +x "$cache/bin/rustc-lenient"
export GOBIN="$cache/bin" GOFLAGS=-buildvcs=false
go install github.com/influxdata/pkg-config@latest
go get -tool "github.com/influxdata/influxdb/v2/cmd/influxd@$version"
export PKG_CONFIG="$cache/bin/pkg-config" RUSTUP_TOOLCHAIN=stable
export RUSTC_WRAPPER="$cache/bin/rustc-lenient"
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR
go build -trimpath -ldflags "-s -w" -o "$program.part" github.com/influxdata/influxdb/v2/cmd/influxd
mv "$program.part" "$program"
echo "$program"
