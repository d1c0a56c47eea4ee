package rule

import "time"

// number numbers the units of the calendar: units that follow each other have numbers that do.
func (p period) number(t time.Time) int64 {
	t = t.In(p.location)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	switch p.unit {
	case "day":
		return day
	case "week":
		return floorDiv(day+3, 7) // 1970 began on a Thursday
	case "month":
		return int64(t.Year())*12 + int64(t.Month()) - 1
	case "quarter":
		return int64(t.Year())*4 + int64(t.Month()-1)/3
	default:
		return int64(t.Year())
	}
}

// beginning returns when the unit with the number begins.
func (p period) beginning(unit int64) time.Time {
	switch p.unit {
	case "day":
		return time.Date(1970, 1, 1+int(unit), 0, 0, 0, 0, p.location)
	case "week":
		return time.Date(1970, 1, 1+int(unit*7-3), 0, 0, 0, 0, p.location)
	case "month":
		return time.Date(0, time.Month(1+unit), 1, 0, 0, 0, 0, p.location)
	case "quarter":
		return time.Date(0, time.Month(1+3*unit), 1, 0, 0, 0, 0, p.location)
	default:
		return time.Date(int(unit), 1, 1, 0, 0, 0, 0, p.location)
	}
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}
