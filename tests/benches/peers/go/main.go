// Watermill's router on the events that ours is measured with: each body is read into a typed event, each message acknowledged.
//
//	peers BROKERS TOPIC GROUP EVENTS
//
// With the middleware that makes up for what ours does: retries, a poison queue, duplicates, panics. Prints the seconds from
// the first event to the last.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
)

type event struct {
	ID       string    `json:"evento_id"`
	Type     string    `json:"evento_tipo"`
	Version  string    `json:"evento_version"`
	Time     string    `json:"timestamp"`
	Origin   string    `json:"origen"`
	Data     data      `json:"datos"`
	Metadata *metadata `json:"metadata"`
}

type data struct {
	Case      int64   `json:"caso_id"`
	Number    string  `json:"numero_caso"`
	Citizen   int64   `json:"ciudadano_id"`
	Category  int64   `json:"categoria_id"`
	Office    int64   `json:"dependencia_id"`
	Channel   *int64  `json:"canal_atencion_id"`
	Title     *string `json:"titulo"`
	State     string  `json:"estado"`
	Priority  *string `json:"prioridad"`
	CreatedAt string  `json:"fecha_creacion"`
	Place     *place  `json:"ubicacion"`
}

type place struct {
	Lat     *float64 `json:"lat"`
	Lng     *float64 `json:"lng"`
	Address *string  `json:"direccion"`
	Quarter *string  `json:"barrio"`
}

type metadata struct {
	Request *string `json:"request_id"`
	User    *int64  `json:"usuario_id"`
	Address *string `json:"ip_address"`
	Agent   *string `json:"user_agent"`
}

func main() {
	brokers, topic, group := strings.Split(os.Args[1], ","), os.Args[2], os.Args[3]
	events, err := strconv.ParseInt(os.Args[4], 10, 64)
	check(err)

	config := kafka.DefaultSaramaSubscriberConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	logger := watermill.NopLogger{}
	subscriber, err := kafka.NewSubscriber(kafka.SubscriberConfig{
		Brokers:               brokers,
		Unmarshaler:           kafka.DefaultMarshaler{},
		OverwriteSaramaConfig: config,
		ConsumerGroup:         group,
	}, logger)
	check(err)
	publisher, err := kafka.NewPublisher(kafka.PublisherConfig{Brokers: brokers, Marshaler: kafka.DefaultMarshaler{}}, logger)
	check(err)

	router, err := message.NewRouter(message.RouterConfig{}, logger)
	check(err)
	poison, err := middleware.PoisonQueue(publisher, topic+".poison")
	check(err)
	router.AddMiddleware(
		poison,
		middleware.Retry{MaxRetries: 4, InitialInterval: 100 * time.Millisecond, Logger: logger}.Middleware,
		(&middleware.Deduplicator{
			KeyFactory: func(m *message.Message) (string, error) { return m.Metadata.Get("evento_id"), nil },
			Timeout:    time.Minute,
		}).Middleware,
		middleware.Recoverer,
	)

	var handled, first, last atomic.Int64
	done := make(chan struct{})
	router.AddNoPublisherHandler("count", topic, subscriber, func(m *message.Message) error {
		first.CompareAndSwap(0, time.Now().UnixNano())
		var e event
		if err := json.Unmarshal(m.Payload, &e); err != nil {
			return err
		}
		if handled.Add(1) == events {
			last.Store(time.Now().UnixNano())
			close(done)
		}
		return nil
	})
	go func() { check(router.Run(context.Background())) }()
	<-done
	check(router.Close())
	fmt.Println(float64(last.Load()-first.Load()) / 1e9)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
