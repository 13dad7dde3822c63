package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Section 10: the one spelling of a zip.

const (
	headSize = 30
	day      = 33
	beyond32 = 0xffffffff
	beyond16 = 0xffff
	isFile   = 0100644 << 16
)

type zipped struct {
	path string
	crc  uint32 // as the zip has it
	data []byte
}

// put writes numbers in their sizes, little-endian.
func put(out *bytes.Buffer, numbers ...any) {
	for _, one := range numbers {
		check(binary.Write(out, binary.LittleEndian, one))
	}
}

func putHead(out *bytes.Buffer, one zipped) {
	put(out, []byte("PK\x03\x04"), uint16(20), uint16(0), uint16(0), uint16(0), uint16(day), one.crc)
	put(out, uint32(len(one.data)), uint32(len(one.data)), uint16(len(one.path)), uint16(0), []byte(one.path))
}

func putEnd(out *bytes.Buffer, files []zipped) {
	var lines bytes.Buffer
	offset := uint64(0)
	for _, one := range files {
		var head, extra bytes.Buffer
		putHead(&head, one)
		version, short := uint16(20), uint32(offset)
		if offset >= beyond32 {
			version, short = 45, beyond32
			put(&extra, uint16(1), uint16(8), offset)
		}
		put(&lines, []byte("PK\x01\x02"), uint16(0x314), version, uint16(0), uint16(0), uint16(0), uint16(day))
		put(&lines, one.crc, uint32(len(one.data)), uint32(len(one.data)))
		put(&lines, uint16(len(one.path)), uint16(extra.Len()), uint16(0), uint16(0), uint16(0), uint32(isFile), short)
		put(&lines, []byte(one.path), extra.Bytes())
		offset += uint64(head.Len() + len(one.data))
	}
	count, size := uint64(len(files)), uint64(lines.Len())
	out.Write(lines.Bytes())
	if count >= beyond16 || offset >= beyond32 {
		put(out, []byte("PK\x06\x06"), uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), count, count, size, offset)
		put(out, []byte("PK\x06\x07"), uint32(0), offset+size, uint32(1))
	}
	short := uint16(least(count, beyond16))
	put(out, []byte("PK\x05\x06"), uint16(0), uint16(0), short, short, uint32(size), uint32(least(offset, beyond32)), uint16(0))
}

func least(one, other uint64) uint64 {
	if one < other {
		return one
	}
	return other
}

// readZip gives the files of a bundle, in their order, and refuses every other spelling of the same.
func readZip(data []byte) ([]zipped, error) {
	var files []zipped
	at := 0
	for len(data)-at >= headSize && bytes.HasPrefix(data[at:], []byte("PK\x03\x04")) {
		size := int(binary.LittleEndian.Uint32(data[at+18:]))
		crc := binary.LittleEndian.Uint32(data[at+14:])
		length := int(binary.LittleEndian.Uint16(data[at+26:]))
		if len(data)-at-headSize < length+size {
			return nil, errors.New("cut off")
		}
		at += headSize
		name := string(data[at : at+length])
		if !pathForm.MatchString(name) {
			return nil, errors.New("not a path")
		}
		files = append(files, zipped{name, crc, data[at+length : at+length+size]})
		at += length + size
	}
	var again bytes.Buffer
	for _, one := range files {
		putHead(&again, one)
		again.Write(one.data)
	}
	putEnd(&again, files)
	if len(files) == 0 || !bytes.Equal(again.Bytes(), data) {
		return nil, errors.New("another spelling of a zip")
	}
	return files, nil
}
