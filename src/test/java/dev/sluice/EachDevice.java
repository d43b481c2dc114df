package dev.sluice;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A test that holds on every engine: it opens its device by {@link TestDevice} and runs once for
 * each engine, in a Java process of its own, the property {@code sluice.test.engine} saying which.
 * Without that engine it is skipped, aloud.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("each-device")
@ExtendWith(EachDevice.Present.class)
@SuppressWarnings("exports")
public @interface EachDevice {
  /** Skips what cannot run here. */
  final class Present implements ExecutionCondition {
    /** For JUnit. */
    public Present() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (!TestDevice.engine().equals("cuda")) {
        return ConditionEvaluationResult.enabled("the CPU engine is always there");
      }
      return TestDevice.onSimulator(context.getDisplayName());
    }
  }
}
