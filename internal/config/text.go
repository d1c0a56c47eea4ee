package config

import (
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// written returns the text that stands in the file for a setting; empty for none.
func written(node ast.Node) (string, error) {
	switch node.(type) {
	case *ast.SequenceNode, *ast.MappingNode, *ast.MappingValueNode:
		return "", fault.New(fault.Invalid, "bad_config", "must be one value")
	}
	var value string
	if err := yaml.NodeToValue(asTexts(node), &value); err != nil {
		return "", badYAML(err)
	}
	return value, nil
}

// asTexts makes texts of all numbers below a node. Nothing in the file is decoded as a number: a secret such as 0123 would
// become another one, 83.
func asTexts(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
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
