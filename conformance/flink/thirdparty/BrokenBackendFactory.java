package com.acme;

import java.util.Locale;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.runtime.state.StateBackendFactory;

/**
 * A vendor's state backend, as far as the suite knows: Flink's hashmap backend with one thing broken on demand.
 *
 * <p>{@code state.backend: com.acme.BrokenBackendFactory}, and {@code acme.break} names the break; without it nothing is broken.
 */
public final class BrokenBackendFactory implements StateBackendFactory<BrokenBackend> {
    static final ConfigOption<String> BREAK = ConfigOptions.key("acme.break").stringType().defaultValue("none");

    @Override
    public BrokenBackend createFromConfig(ReadableConfig config, ClassLoader classLoader) {
        return new BrokenBackend(Break.valueOf(config.get(BREAK).toUpperCase(Locale.ROOT).replace('-', '_')));
    }
}
