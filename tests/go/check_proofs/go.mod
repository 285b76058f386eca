module wayproof.example/check_proofs

go 1.23.0

require github.com/transparency-dev/merkle v0.0.2
