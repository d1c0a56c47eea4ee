package testkit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// readAxe returns the script of the accessibility checks, in the version that build/axe pins, which npm fetches when it
// is not there yet.
var readAxe = sync.OnceValues(func() (string, error) {
	folder, err := folderAbove(filepath.Join("build", "axe"))
	if err != nil {
		return "", err
	}
	var answer, complaints bytes.Buffer
	cmd := exec.Command(filepath.Join(folder, "fetch.sh")) //nolint:gosec // it is our own script
	cmd.Stdout, cmd.Stderr = &answer, &complaints
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("axe-core cannot be fetched in the version that build/axe pins: %w\n%s", err, complaints.String())
	}
	script, err := os.ReadFile(strings.TrimSpace(answer.String()))
	return string(script), err
})

// folderAbove returns the folder with the path in the repository that the test is in.
func folderAbove(path string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, path)); err == nil {
			return filepath.Join(folder, path), nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("no folder above %s has %s", here, path)
		}
	}
}

// Checks is what of a page is checked for who uses it otherwise than by a mouse and good eyes.
type Checks string

// Everything is WCAG 2.2 on level AA and what axe's makers think well of besides; Contrast is what differs between light and dark.
const (
	Everything Checks = `{"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}`
	Contrast   Checks = `{"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}`
)

// Axe returns what of the page is not accessible as it is just now, in words.
func (tab *Tab) Axe(checks Checks) []string {
	tab.t.Helper()

	script, err := readAxe()
	if err != nil {
		tab.t.Fatal(err)
	}
	if !Ask[bool](tab, `typeof axe !== "undefined"`) {
		tab.Do(chromedp.Evaluate[chromedp.Void](script + "\n;void 0"))
	}
	return Ask[[]string](tab, `axe.run(document, `+string(checks)+`).then((result) => result.violations.flatMap((violation) =>
		violation.nodes.map((node) => violation.id + " (" + violation.tags.join(" ") + "): " + node.target.join(" ") + ": " + node.failureSummary)))`)
}

// Overflows returns what is wider than the window, so that a reader would have to scroll both ways (WCAG 2.2, 1.4.10).
// What scrolls by itself, as a table may, is no fault, nor is what is there for screen readers alone.
func (tab *Tab) Overflows() []string {
	tab.t.Helper()

	return Ask[[]string](tab, `(() => {
		const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide) return [];
		return [...document.querySelectorAll("body *")].filter((element) => {
			const box = element.getBoundingClientRect();
			return (box.right > wide + 1 || box.left < -1) && element.checkVisibility() && !element.closest(".scroll, pre, .hidden, .skip");
		}).map((element) => element.tagName + "." + element.className + " " + JSON.stringify(element.getBoundingClientRect()))
			.concat("the page is " + document.documentElement.scrollWidth + " wide in " + wide);
	})()`)
}
