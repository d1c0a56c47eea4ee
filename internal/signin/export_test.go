package signin

import "encoding/json"

// ReadClaims returns whom claims tell of.
func ReadClaims(text []byte, adminGroup string) (*Person, error) {
	var said claims
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, err
	}
	return said.person("subject", adminGroup), nil
}
