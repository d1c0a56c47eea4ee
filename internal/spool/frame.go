package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// A frame is a record on the disk: a header, and the payload behind it.
//
//	magic          4  the same in every frame
//	length         4  of the payload
//	owner          4  a hash of the record's owner
//	at             8  microseconds since 1970
//	payload sum    4  CRC-32C of the payload
//	header sum     4  CRC-32C of the header before it
//
// Both sums begin with a number that the segment drew, so that nobody can send a payload in which a search for the next
// frame would find one.
const (
	frameMagic  = "AcSp"
	headerSize  = 28
	sumAt       = headerSize - 4
	frameOf     = int64(headerSize)
	searchBytes = 64 << 10
)

// maxPayload bounds a record: the largest body of a delivery, with room for what is kept about it.
const maxPayload = 32 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is what stands before a payload.
type header struct {
	length int64
	owner  uint32
	at     time.Time
	sum    uint32
}

func (h header) size() int64 { return frameOf + h.length }

func ownerOf(name string) uint32 { return crc32.Checksum([]byte(name), castagnoli) }

// sum returns the CRC of the bytes in a segment of the seed.
func sum(seed uint64, of []byte) uint32 {
	var first [8]byte
	binary.LittleEndian.PutUint64(first[:], seed)
	return crc32.Update(crc32.Checksum(first[:], castagnoli), castagnoli, of)
}

// encode returns the record's frame.
func encode(seed uint64, r Record) []byte {
	frame := make([]byte, 0, headerSize+len(r.Payload))
	frame = append(frame, frameMagic...)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(r.Payload))) //nolint:gosec // at most maxPayload
	frame = binary.LittleEndian.AppendUint32(frame, ownerOf(r.Owner))
	frame = binary.LittleEndian.AppendUint64(frame, uint64(r.At.UnixMicro()))
	frame = binary.LittleEndian.AppendUint32(frame, sum(seed, r.Payload))
	frame = binary.LittleEndian.AppendUint32(frame, sum(seed, frame))
	return append(frame, r.Payload...)
}

// parseHeader reads a header; ok is false when the bytes are none.
func parseHeader(seed uint64, text []byte) (h header, ok bool) {
	if len(text) < headerSize || string(text[:len(frameMagic)]) != frameMagic ||
		binary.LittleEndian.Uint32(text[sumAt:]) != sum(seed, text[:sumAt]) {
		return header{}, false
	}
	h = header{
		length: int64(binary.LittleEndian.Uint32(text[4:])),
		owner:  binary.LittleEndian.Uint32(text[8:]),
		at:     time.UnixMicro(int64(binary.LittleEndian.Uint64(text[12:]))).UTC(), //nolint:gosec // the bits that encode wrote
		sum:    binary.LittleEndian.Uint32(text[20:]),
	}
	return h, h.length <= maxPayload
}

// headerAt reads the header of the frame at an offset; ok is false when there is none, or when the frame is longer than
// what is there.
func headerAt(file io.ReaderAt, seed uint64, offset, end int64) (h header, ok bool, err error) {
	if offset+frameOf > end {
		return header{}, false, nil
	}
	var text [headerSize]byte
	if _, err := file.ReadAt(text[:], offset); err != nil && !errors.Is(err, io.EOF) {
		return header{}, false, fmt.Errorf("reading a record: %w", err)
	}
	h, ok = parseHeader(seed, text[:])
	return h, ok && offset+h.size() <= end, nil
}

// find returns the offset of the first frame at or behind an offset, and end when there is none.
func find(file io.ReaderAt, seed uint64, offset, end int64) (int64, error) {
	buffer := make([]byte, searchBytes)
	for offset < end {
		read, err := file.ReadAt(buffer[:min(searchBytes, end-offset)], offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("searching for a record: %w", err)
		}
		text := buffer[:read]
		for from := 0; ; {
			at := bytes.Index(text[from:], []byte(frameMagic))
			if at < 0 {
				break
			}
			from += at
			if _, ok, err := headerAt(file, seed, offset+int64(from), end); ok || err != nil {
				return offset + int64(from), err
			}
			from++
		}
		if read < searchBytes {
			return end, nil
		}
		// A magic may straddle two buffers.
		offset += int64(read - len(frameMagic) + 1)
	}
	return end, nil
}

// payloadAt reads the payload of the frame at an offset; ok is false when it is not what was written.
func payloadAt(file io.ReaderAt, seed uint64, offset int64, h header) (payload []byte, ok bool, err error) {
	payload = make([]byte, h.length)
	if _, err := file.ReadAt(payload, offset+frameOf); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("reading a record: %w", err)
	}
	return payload, sum(seed, payload) == h.sum, nil
}
