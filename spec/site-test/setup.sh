# Sourced by scripts that look at pages in a browser, at the root of the workspace: installs what is missing, and sets `chromium`
# (the browser) and `test` (a directory with playwright-core). Ends the script where there is no browser.

browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    return 1
}
if ! browser >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium) >/dev/null ||
        echo "Chromium could not be installed"
fi
if ! chromium=$(browser); then
    echo "skipped: no Chromium here"
    exit 0
fi

test=target/site-test
mkdir -p "$test"
if ! cmp -s spec/site-test/package.json "$test/package.json" || [ ! -d "$test/node_modules" ]; then
    cp spec/site-test/package.json "$test/"
    npm install --prefix "$test" --no-package-lock --no-audit --no-fund --ignore-scripts --silent
fi
