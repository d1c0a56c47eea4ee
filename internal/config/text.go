package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/fault"
)

var (
	errOne  = fault.New(fault.Invalid, "bad_config", "must be one value")
	errMany = fault.New(fault.Invalid, "bad_config", "must be one value, or a list of values")
)

// written returns the text that stands in the file for a setting; empty for none. Many values may be a list, too.
func written(node ast.Node, many bool) (string, error) {
	if list, ok := node.(*ast.SequenceNode); ok && many {
		return listWritten(list)
	}
	switch node.(type) {
	case *ast.SequenceNode, *ast.MappingNode, *ast.MappingValueNode:
		if many {
			return "", errMany
		}
		return "", errOne
	}
	var value string
	if err := yaml.NodeToValue(asTexts(node), &value); err != nil {
		return "", badYAML(err)
	}
	return value, nil
}

// listWritten returns the values of a list as the environment has them: separated by commas.
func listWritten(list *ast.SequenceNode) (string, error) {
	values := make([]string, len(list.Values))
	for i, node := range list.Values {
		var err error
		if values[i], err = written(node, false); errors.Is(err, errOne) {
			return "", errMany
		} else if err != nil {
			return "", err
		}
	}
	return strings.Join(values, ","), nil
}

// asTexts makes texts of all numbers and truths below a node. Nothing in the file is decoded as one of them: a secret such as
// 0123 would become another one, 83, and True would become true.
func asTexts(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode:
		return ast.String(n.GetToken())
	case *ast.TagNode:
		n.Value = asTexts(n.Value)
	case *ast.AnchorNode:
		n.Value = asTexts(n.Value)
	case *ast.MappingValueNode:
		n.Value = asTexts(n.Value)
	case *ast.MappingNode:
		for _, pair := range n.Values {
			asTexts(pair)
		}
	case *ast.SequenceNode:
		for i := range n.Values {
			n.Values[i] = asTexts(n.Values[i])
		}
	}
	return node
}
