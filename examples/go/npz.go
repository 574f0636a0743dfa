package main

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

var described = regexp.MustCompile(`'descr': '<f4', 'fortran_order': False, 'shape': \(([0-9, ]+)\)`)

// readRow gives the shape and the bytes of one row of a float32 array in an NPZ file, which is a zip of NPY files:
// magic, version, length of the header, header, values. See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func readRow(path, name string, row int) ([]int64, []byte, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, err
	}
	defer archive.Close()
	file, err := archive.Open(name + ".npy")
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	start := make([]byte, 10)
	if _, err := io.ReadFull(file, start); err != nil {
		return nil, nil, err
	}
	if string(start[:7]) != "\x93NUMPY\x01" {
		return nil, nil, fmt.Errorf("%s in %s: found other bytes; allowed: NPY version 1", name, path)
	}
	header := make([]byte, binary.LittleEndian.Uint16(start[8:]))
	if _, err := io.ReadFull(file, header); err != nil {
		return nil, nil, err
	}
	found := described.FindSubmatch(header)
	if found == nil {
		return nil, nil, fmt.Errorf("%s in %s: found %s; allowed: float32 in C order", name, path, header)
	}
	var shape []int64
	for _, part := range strings.Split(strings.Trim(string(found[1]), ", "), ",") {
		size, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, nil, err
		}
		shape = append(shape, size)
	}
	if row < 0 || int64(row) >= shape[0] {
		return nil, nil, fmt.Errorf("row: found %d; allowed: 0 to %d", row, shape[0]-1)
	}
	size := int64(4)
	for _, part := range shape[1:] {
		size *= part
	}
	if _, err := io.CopyN(io.Discard, file, int64(row)*size); err != nil {
		return nil, nil, err
	}
	raw := make([]byte, size)
	_, err = io.ReadFull(file, raw)
	return shape[1:], raw, err
}
