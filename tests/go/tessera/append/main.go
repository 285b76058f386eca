// Append measures Tessera's POSIX appender in one process, without HTTP: how many entries a second become durable,
// sequenced and integrated, and how long one waits until a checkpoint over it is published. Prints one JSON object.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"log"
	"os"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

var (
	dir      = flag.String("dir", "", "folder of the log")
	entries  = flag.Int("entries", 100_000, "entries to add at full speed")
	size     = flag.Int("size", 1024, "bytes of an entry")
	batch    = flag.Uint("batch", 256, "entries that Tessera takes as one batch")
	age      = flag.Duration("age", 250*time.Millisecond, "how long a batch waits to be full")
	interval = flag.Duration("interval", time.Second, "time between checkpoints")
	waits    = flag.Int("waits", 0, "entries to add afterwards, 53 ms apart, to see when they are published")
)

func main() {
	flag.Parse()
	ctx := context.Background()
	secret, _, err := note.GenerateKey(rand.Reader, "tessera.example/log")
	check(err)
	signer, err := note.NewSigner(secret)
	check(err)
	driver, err := posix.New(ctx, posix.Config{Path: *dir})
	check(err)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(*interval).
		WithBatching(*batch, *age).
		WithPushback(uint(*entries)+4096))
	check(err)

	perSecond := fill(ctx, appender, reader)
	published := make([]float64, *waits)
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, time.Millisecond)
	var waiting sync.WaitGroup
	for n := range *waits {
		time.Sleep(53 * time.Millisecond)
		waiting.Go(func() {
			began := time.Now()
			_, _, err := awaiter.Await(ctx, appender.Add(ctx, tessera.NewEntry(entry(*entries+n))))
			check(err)
			published[n] = time.Since(began).Seconds()
		})
	}
	waiting.Wait()
	check(shutdown(ctx))
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"entries_per_s": perSecond, "published_s": published}))
}

// fill adds all entries and returns how many a second were integrated.
func fill(ctx context.Context, appender *tessera.Appender, reader tessera.LogReader) float64 {
	if *entries == 0 {
		return 0
	}
	const writers = 2
	began := time.Now()
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			futures := make([]tessera.IndexFuture, 0, *entries/writers+1)
			for n := writer; n < *entries; n += writers {
				futures = append(futures, appender.Add(ctx, tessera.NewEntry(entry(n))))
			}
			for _, future := range futures {
				_, err := future()
				check(err)
			}
		})
	}
	all.Wait()
	for {
		integrated, err := reader.IntegratedSize(ctx)
		check(err)
		if integrated >= uint64(*entries) {
			return float64(*entries) / time.Since(began).Seconds()
		}
		time.Sleep(time.Millisecond)
	}
}

var filler = func() []byte {
	random := make([]byte, 65536)
	_, _ = rand.Read(random)
	return random
}()

func entry(n int) []byte {
	made := append([]byte(nil), filler[:*size]...)
	for place := range 8 {
		made[place] = byte(n >> (8 * place))
	}
	return made
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
