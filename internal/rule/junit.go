package rule

import (
	"encoding/xml"
	"io"
	"strings"
)

// junitSuite is what CI services read: the form that JUnit's Ant task began, and all follow.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	File    string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit's XML: a case for each test, and one for each rule that never
// fired.
func (r Report) WriteJUnit(out io.Writer) error {
	suite := junitSuite{Name: "rules"}
	add := func(file, name, message string, lines []string) {
		c := junitCase{File: file, Name: name}
		if len(lines) > 0 {
			c.Failure = &junitFailure{Message: message, Text: strings.Join(lines, "\n")}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, result := range r.results {
		add(result.file, result.name, "the awards are not as wanted", result.lines)
	}
	for _, name := range r.silent {
		add("rules", name, "no test makes it fire", []string{"no test makes " + name + " fire"})
	}
	suite.Tests = len(suite.Cases)
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, xml.Header+string(text)+"\n")
	return err
}
