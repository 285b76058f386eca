// Command check_proofs checks proofs with github.com/transparency-dev/merkle, the library behind other logs.
//
//	check_proofs < PROOFS
//
// Each line of PROOFS is a JSON object: an inclusion proof has leaf_hash, leaf_index, tree_size, root_hash and proof, a
// consistency proof old_size, new_size, old_root, new_root and proof; hashes are in base64. It prints ok or the reason
// why not for each, in order.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

type claim struct {
	LeafHash  []byte   `json:"leaf_hash"`
	LeafIndex uint64   `json:"leaf_index"`
	TreeSize  uint64   `json:"tree_size"`
	RootHash  []byte   `json:"root_hash"`
	OldSize   uint64   `json:"old_size"`
	NewSize   uint64   `json:"new_size"`
	OldRoot   []byte   `json:"old_root"`
	NewRoot   []byte   `json:"new_root"`
	Proof     [][]byte `json:"proof"`
}

func (c claim) check() error {
	if c.NewRoot != nil {
		return proof.VerifyConsistency(rfc6962.DefaultHasher, c.OldSize, c.NewSize, c.Proof, c.OldRoot, c.NewRoot)
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, c.LeafIndex, c.TreeSize, c.LeafHash, c.Proof, c.RootHash)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c claim
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if err := c.check(); err != nil {
			fmt.Printf("%q\n", err.Error())
		} else {
			fmt.Println("ok")
		}
	}
}
